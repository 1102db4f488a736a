using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>A file that only an obeyed payload would make.</summary>
internal sealed class Canary : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilothouse-canary-").FullName;

    public string File => Path.Combine(_folder, "obeyed");

    /// <summary>Neither where the payload says nor below the data directory under its name.</summary>
    public void AssertAbsent(string dataDirectory)
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        Assert.Empty(Directory.EnumerateFiles(dataDirectory, "obeyed", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
