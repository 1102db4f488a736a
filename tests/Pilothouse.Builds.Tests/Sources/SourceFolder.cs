using System.Security.Cryptography;
using Pilothouse.Builds.Sources;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Tests.Sources;

/// <summary>A place to unpack to, with a neighbour that must stay as it is.</summary>
internal sealed class SourceFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-source-").FullName;

    public SourceFolder()
    {
        Directory.CreateDirectory(Path.Combine(_root, "sibling"));
        File.WriteAllText(Path.Combine(_root, "sibling", "secret"), "untouched");
    }

    public string Source => Path.Combine(_root, "source");

    public static SourceLimits Limits { get; } = new(Bytes: 64 << 20, FileBytes: 8 << 20, Entries: 100, Depth: 8, PathBytes: 200, Ratio: 20);

    public Unpacked Unpack(byte[] archive, SourceLimits? limits = null)
    {
        var file = Path.Combine(_root, "archive");
        File.WriteAllBytes(file, archive);
        try
        {
            return SourceArchive.Unpack(
                new BuildSource.Tarball(file, Convert.ToHexStringLower(SHA256.HashData(archive))), Source, limits ?? Limits, CancellationToken.None);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Everything outside the source's own folder, with content.</summary>
    public string[] Outside() =>
        [.. Directory.EnumerateFileSystemEntries(_root, "*", SearchOption.AllDirectories).Where(path => !path.StartsWith(Source, StringComparison.Ordinal))
            .Select(path => File.Exists(path) ? $"{path}={File.ReadAllText(path)}" : path).Order(StringComparer.Ordinal)];

    /// <summary>What is in it: relative path and content; folders end in a slash.</summary>
    public string[] Inside() => !Directory.Exists(Source) ? [] :
        [.. new DirectoryInfo(Source).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(entry => Path.GetRelativePath(Source, entry.FullName) + (entry is FileInfo file ? $"={File.ReadAllText(file.FullName)}" : "/")).Order(StringComparer.Ordinal)];

    public bool HasLinks() => Directory.Exists(Source)
        && new DirectoryInfo(Source).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Any(entry => entry.LinkTarget is not null);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
