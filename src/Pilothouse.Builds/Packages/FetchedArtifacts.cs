using Microsoft.Extensions.Options;
using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.Packages;

/// <summary>The artifacts of a machine that builds nothing: fetched by digest, proven, kept until nobody wants them; and the tools that they are started with.</summary>
internal sealed class FetchedArtifacts(
    ArtifactStore store, IToolchains toolchains, IPackageSource source, IOptions<BuildsOptions> options, TimeProvider time) : IArtifacts, IDisposable
{
    /// <summary>Of the line to the control plane, which logs and reports need too.</summary>
    private const int AtOnce = 2;

    private readonly SemaphoreSlim _room = new(AtOnce);
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<string, Task<bool>> _underWay = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    private string Folder => options.Value.TransfersDirectory;

    public Task<bool> HasAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(store.Has(digest));

    /// <summary>With its tools.</summary>
    public async Task<bool> EnsureAsync(string digest, CancellationToken cancellationToken)
    {
        if (store.Find(digest, "") is { } there)
        {
            await EnsureToolsAsync(there.Launch, cancellationToken);
            return true;
        }

        if (!await OnceAsync(digest, cancellationToken) || store.Find(digest, "") is not { } fetched) return false;
        await EnsureToolsAsync(fetched.Launch, cancellationToken);
        return true;
    }

    public Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken)
    {
        RemoveOldParts();
        return store.RemoveUnusedAsync(digestsInUse, cancellationToken);
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        _room.Dispose();
    }

    /// <summary>Several deployments of one artifact fetch it once; who gives up waiting leaves it to the others, and to the next who asks.</summary>
    private Task<bool> OnceAsync(string digest, CancellationToken cancellationToken)
    {
        Task<bool> fetching;
        lock (_lock)
        {
            if (!_underWay.TryGetValue(digest, out fetching!)) _underWay[digest] = fetching = FetchToEndAsync(digest, _end.Token);
        }

        return fetching.WaitAsync(cancellationToken);
    }

    private async Task<bool> FetchToEndAsync(string digest, CancellationToken cancellationToken)
    {
        // Leaves the lock of whoever asked first.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            return await FetchAsync(digest, cancellationToken);
        }
        finally
        {
            lock (_lock) _underWay.Remove(digest);
        }
    }

    private async Task<bool> FetchAsync(string digest, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        var arrived = Path.Combine(Folder, $"{digest}.{Guid.NewGuid():N}");
        try
        {
            if (store.Has(digest)) return true;
            Directory.CreateDirectory(Folder);
            var file = Path.Combine(Folder, $"{digest}.tar.gz");
            if (!await source.ArtifactAsync(digest, file, cancellationToken)) return false;
            try
            {
                await ArtifactArchive.UnpackAsync(file, arrived, options.Value.DiskBytes, cancellationToken);
                return store.Take(arrived, digest, cancellationToken);
            }
            catch (InvalidDataException)
            {
                return false;
            }
            finally
            {
                File.Delete(file);
            }
        }
        finally
        {
            _room.Release();
            if (Directory.Exists(arrived)) await FileTree.DeleteAsync(arrived, CancellationToken.None);
        }
    }

    internal async Task EnsureToolsAsync(LaunchSpec launch, CancellationToken cancellationToken)
    {
        foreach (var tool in ToolSite.NamedBy(launch)) await EnsureToolAsync(tool, depth: 0, cancellationToken);
    }

    /// <param name="depth">A tool may need one other: a virtual environment its Python.</param>
    private async Task EnsureToolAsync(string name, int depth, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Path.Combine(toolchains.Directory, name)) || depth > 2) return;
        var others = new List<string>();
        await toolchains.EnsureAsync(name, async (into, stop) => others.AddRange(await FetchToolAsync(name, into, stop)), cancellationToken);
        foreach (var other in others) await EnsureToolAsync(other, depth + 1, cancellationToken);
    }

    /// <returns>The tools that it needs besides.</returns>
    private async Task<IReadOnlyList<string>> FetchToolAsync(string name, string into, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, $"tool_{name.Replace('/', '_')}.tar.gz");
        if (!await source.ToolAsync(name, file, cancellationToken))
            throw new PackagesUnavailableException($"The control plane has no tool {name}, which an artifact needs; deploy it once more.", new FileNotFoundException(name));
        var site = new ToolSite(toolchains.Directory);
        var arrived = $"{into}.arrived";
        try
        {
            if (Directory.Exists(arrived)) await FileTree.DeleteAsync(arrived, cancellationToken);
            await ArtifactArchive.UnpackAsync(file, arrived, options.Value.DiskBytes, cancellationToken, site);
            Directory.Delete(into);
            Directory.Move(arrived, into);
        }
        catch (InvalidDataException broken)
        {
            throw new PackagesUnavailableException($"The tool {name} did not arrive whole.", broken);
        }
        finally
        {
            File.Delete(file);
            if (Directory.Exists(arrived)) await FileTree.DeleteAsync(arrived, CancellationToken.None);
        }

        return await SettleAsync(into, site, cancellationToken);
    }

    /// <summary>A virtual environment says where its Python is.</summary>
    private static async Task<IReadOnlyList<string>> SettleAsync(string tool, ToolSite site, CancellationToken cancellationToken)
    {
        var settings = Path.Combine(tool, ToolSite.Environment);
        if (!File.Exists(settings)) return [];
        await File.WriteAllTextAsync(settings, site.Here(await File.ReadAllTextAsync(settings, cancellationToken)), cancellationToken);
        var python = new FileInfo(Path.Combine(tool, "bin", "python")).LinkTarget ?? "";
        return ToolSite.NamedBy(site.Anywhere(python));
    }

    /// <summary>Of transfers that nobody went on with.</summary>
    private void RemoveOldParts()
    {
        if (!Directory.Exists(Folder)) return;
        var before = time.GetUtcNow().UtcDateTime - TimeSpan.FromDays(1);
        foreach (var file in Directory.EnumerateFiles(Folder))
            if (File.GetLastWriteTimeUtc(file) < before) File.Delete(file);
    }
}
