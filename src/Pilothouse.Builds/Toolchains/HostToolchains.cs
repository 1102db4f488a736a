namespace Pilothouse.Builds.Toolchains;

/// <summary>Tools in a folder of the host, which several control planes may share.</summary>
/// <param name="directory">Absolute.</param>
/// <param name="cacheDirectory">Absolute.</param>
internal sealed class HostToolchains(string directory, string cacheDirectory, TimeProvider time) : IToolchains
{
    private static readonly TimeSpan s_lockPoll = TimeSpan.FromMilliseconds(100);

    public string Directory { get; } = directory;

    public string CacheDirectory { get; } = Created(cacheDirectory);

    public async Task<string> EnsureAsync(string name, Func<string, CancellationToken, Task> installAsync, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Directory, name);
        if (System.IO.Directory.Exists(folder)) return folder;

        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        await using var held = await LockAsync($"{folder}.lock", cancellationToken);
        if (System.IO.Directory.Exists(folder)) return folder;

        // Whatever a killed install left is dead: the lock is ours.
        var temporary = $"{folder}.installing";
        if (System.IO.Directory.Exists(temporary)) System.IO.Directory.Delete(temporary, recursive: true);
        System.IO.Directory.CreateDirectory(temporary);
        await installAsync(temporary, cancellationToken);
        System.IO.Directory.Move(temporary, folder);
        return folder;
    }

    /// <summary>The operating system lets go of the lock when its holder dies, however it dies.</summary>
    private async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(s_lockPoll, time, cancellationToken);
            }
        }
    }

    private static string Created(string folder) => System.IO.Directory.CreateDirectory(folder).FullName;
}
