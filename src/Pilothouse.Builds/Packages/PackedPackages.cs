using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Packages;

/// <summary>
/// Artifacts and tools of this machine, packed for listeners elsewhere: <c>packages/{name}.{sha256}.tar.gz</c> in the data directory, made when one is asked
/// for and removed when nobody asked for a day.
/// </summary>
internal sealed class PackedPackages(BuildPlaces places, IArtifacts artifacts, IToolchains toolchains, IOptions<BuildsOptions> options, TimeProvider time)
    : IPackages, IDisposable
{
    private const string Ending = ".tar.gz";
    private const string Part = ".part";
    private const int DigestLetters = 64;
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(1);

    /// <summary>Packing takes a processor; who waits for it is not in a hurry.</summary>
    private readonly SemaphoreSlim _one = new(1);

    private string Folder => Path.Combine(Path.GetFullPath(options.Value.DataDirectory), "packages");

    public async Task<Package?> ArtifactAsync(string digest, CancellationToken cancellationToken)
    {
        if (digest.Length != DigestLetters || !digest.All(char.IsAsciiHexDigitLower) || !await artifacts.EnsureAsync(digest, cancellationToken)) return null;
        return await PackedAsync(digest, places.Artifacts.FolderOf(digest), site: null, cancellationToken);
    }

    public async Task<Package?> ToolAsync(string name, CancellationToken cancellationToken)
    {
        if (!ToolSite.IsName(name)) return null;
        return await PackedAsync(name.Replace('/', '_'), Path.Combine(toolchains.Directory, name), new ToolSite(toolchains.Directory), cancellationToken);
    }

    public void Dispose() => _one.Dispose();

    private async Task<Package?> PackedAsync(string name, string folder, ToolSite? site, CancellationToken cancellationToken)
    {
        if (Find(name) is { } there) return there;
        if (!Directory.Exists(folder)) return null;
        await _one.WaitAsync(cancellationToken);
        var part = Path.Combine(Folder, $"{name}.{Guid.NewGuid():N}{Part}");
        try
        {
            if (Find(name) is { } made) return made;
            Directory.CreateDirectory(Folder);
            RemoveOld();
            await ArtifactArchive.PackAsync(folder, part, cancellationToken, site);
            string sha256;
            await using (var file = File.OpenRead(part))
            {
                sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            var package = new Package(Path.Combine(Folder, $"{name}.{sha256}{Ending}"), sha256);
            File.Move(part, package.File, overwrite: true);
            return package;
        }
        finally
        {
            if (File.Exists(part)) File.Delete(part);
            _one.Release();
        }
    }

    /// <summary>Notes that it was asked for.</summary>
    private Package? Find(string name)
    {
        if (!Directory.Exists(Folder)) return null;
        var file = Directory.EnumerateFiles(Folder, $"{name}.*{Ending}").FirstOrDefault(path => ShaOf(path) is not null);
        if (file is null) return null;
        try
        {
            File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
            return new Package(file, ShaOf(file)!);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static string? ShaOf(string path)
    {
        var name = Path.GetFileName(path)[..^Ending.Length];
        return name.Length > DigestLetters && name[^(DigestLetters + 1)] == '.' ? name[^DigestLetters..] : null;
    }

    private void RemoveOld()
    {
        var before = time.GetUtcNow().UtcDateTime - s_kept;
        foreach (var file in Directory.EnumerateFiles(Folder))
            if (File.GetLastWriteTimeUtc(file) < before) File.Delete(file);
    }
}
