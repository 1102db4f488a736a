using Pilothouse.Builds.Sandbox;

namespace Pilothouse.Builds.Artifacts;

/// <summary>
/// Where one build works, locked as long as it does: <c>artifact/src</c> becomes the artifact, <c>home</c> and <c>tmp</c> are the build's own.
/// Disposing ends what still runs there and removes it.
/// </summary>
internal sealed class BuildDirectory(string root, FileStream held, BuildDirectories directories) : IAsyncDisposable
{
    public string Root { get; } = root;

    public string Artifact => Path.Combine(Root, "artifact");

    public string Source => Path.Combine(Artifact, "src");

    public string Home => Path.Combine(Root, "home");

    public string Temporary => Path.Combine(Root, "tmp");

    public ValueTask DisposeAsync() => new(directories.RemoveAsync(Root, held));
}

/// <summary>The builds under way below one data directory, <c>{data}/builds/{key}</c>, with a lock file beside each.</summary>
internal sealed class BuildDirectories(string directory, TimeProvider time)
{
    private const string LockExtension = ".lock";
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_cleanUpLimit = TimeSpan.FromMinutes(5);

    private string Gate => Path.Combine(directory, "gate");

    /// <summary>Waits while another build of the same key is under way, here or in another process.</summary>
    /// <param name="key">A file name.</param>
    public async Task<BuildDirectory> OpenAsync(string key, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var root = Path.Combine(directory, key);
        while (true)
        {
            if (await TryHoldAsync(root + LockExtension, cancellationToken) is { } held)
            {
                var opened = new BuildDirectory(root, held, this);
                try
                {
                    // Whatever a killed build left is dead: the lock is ours.
                    await EndAsync(root, cancellationToken);
                    foreach (var folder in (string[])[opened.Artifact, opened.Home, opened.Temporary]) Directory.CreateDirectory(folder);
                    return opened;
                }
                catch
                {
                    await opened.DisposeAsync();
                    throw;
                }
            }

            await Task.Delay(s_poll, time, cancellationToken);
        }
    }

    /// <summary>Ends and removes the builds of control planes that are dead.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory)) return 0;
        var swept = 0;
        var keys = Directory.EnumerateDirectories(directory).Concat(Directory.EnumerateFiles(directory, "*" + LockExtension))
            .Select(path => Path.GetFileName(path).Replace(LockExtension, "", StringComparison.Ordinal))
            .Where(InputKey.IsOne)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var root in keys.Select(key => Path.Combine(directory, key)))
        {
            if (await TryHoldAsync(root + LockExtension, cancellationToken) is not { } held) continue;
            if (Directory.Exists(root)) swept++;
            await RemoveAsync(root, held);
        }

        return swept;
    }

    internal async Task RemoveAsync(string root, FileStream held)
    {
        using var limit = new CancellationTokenSource(s_cleanUpLimit, time);
        try
        {
            await EndAsync(root, limit.Token);
            await using var gate = await FileLock.TakeAsync(Gate, s_poll, time, limit.Token);
            File.Delete(root + LockExtension);
        }
        catch (OperationCanceledException exception)
        {
            throw new IOException($"The build in '{root}' could not be ended and removed within {s_cleanUpLimit}.", exception);
        }
        finally
        {
            await held.DisposeAsync();
        }
    }

    private async Task EndAsync(string root, CancellationToken cancellationToken)
    {
        await MarkedProcesses.KillAsync(MarkedProcesses.OfBuild(root), time, cancellationToken);
        await FileTree.DeleteAsync(root, cancellationToken);
    }

    /// <summary>Lock files come and go behind the gate only; else one could be locked that is no longer there.</summary>
    private async Task<FileStream?> TryHoldAsync(string path, CancellationToken cancellationToken)
    {
        await using var gate = await FileLock.TakeAsync(Gate, s_poll, time, cancellationToken);
        return FileLock.TryTake(path);
    }
}
