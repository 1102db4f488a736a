namespace Pilothouse.EndToEnd.World;

/// <summary>A copy of a sample as a user would have it, gone after the test.</summary>
public sealed class ProjectFolder : IDisposable
{
    public ProjectFolder(string sample)
    {
        var from = Repository.Sample(sample);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = System.IO.Path.GetRelativePath(from, file);
            if (relative.Split('/').Any(part => part is "node_modules" or "__pycache__" or ".env")) continue;
            var target = System.IO.Path.Combine(Path, relative);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("pilothouse-project-").FullName;

    public void Write(string file, string text) => File.WriteAllText(System.IO.Path.Combine(Path, file), text);

    public void Replace(string file, string old, string with) => Write(file, File.ReadAllText(System.IO.Path.Combine(Path, file)).Replace(old, with, StringComparison.Ordinal));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
