using System.Formats.Tar;
using System.IO.Compression;
using Pilothouse.Builds.Native;
using Pilothouse.Builds.Packages;
using Pilothouse.Builds.Sources;

namespace Pilothouse.Builds.Artifacts;

/// <summary>
/// An artifact on its way to another machine: a gzip'd tar of its folder, with folders, files, modes and links and nothing else, the same bytes each time.
/// What comes out is written below its folder only, whatever the archive says; whether it is the artifact, its digest proves.
/// </summary>
internal static class ArtifactArchive
{
    /// <param name="folder">Of the artifact; may be in use, but not be written to.</param>
    /// <param name="site">Of a tool: its times are kept, and links to other tools made movable. Null: of an artifact.</param>
    public static async Task PackAsync(string folder, string file, CancellationToken cancellationToken, ToolSite? site = null)
    {
        await using var target = new FileStream(file, FileMode.Create, FileAccess.Write);
        await using var gzip = new GZipStream(target, CompressionLevel.Fastest);
        await using var tar = new TarWriter(gzip, TarEntryFormat.Pax);
        await AddAsync(tar, folder, "", site, cancellationToken);
    }

    /// <param name="folder">Made by this.</param>
    /// <param name="mostBytes">Of all files together.</param>
    /// <exception cref="InvalidDataException">It is no such archive.</exception>
    public static async Task UnpackAsync(string file, string folder, long mostBytes, CancellationToken cancellationToken, ToolSite? site = null)
    {
        Directory.CreateDirectory(folder);
        var links = new List<(string Path, string Target)>();
        var left = mostBytes;
        await using (var source = File.OpenRead(file))
        await using (var gzip = new GZipStream(source, CompressionMode.Decompress))
        await using (var tar = new TarReader(gzip))
        {
            while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                var path = Place(folder, entry.Name);
                if (!Directory.Exists(Path.GetDirectoryName(path)) || (entry.EntryType is not TarEntryType.Directory && Path.Exists(path)))
                    throw new InvalidDataException($"{SourcePath.Shown(entry.Name)} has no folder, or comes twice.");
                switch (entry.EntryType)
                {
                    case TarEntryType.Directory:
                        Directory.CreateDirectory(path);
                        break;
                    case TarEntryType.RegularFile when (left -= entry.Length) >= 0:
                        await using (var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
                            if (entry.DataStream is { } content) await content.CopyToAsync(target, cancellationToken);
                        File.SetUnixFileMode(path, entry.Mode & (UnixFileMode)0x1FF);
                        if (site is not null) File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
                        break;
                    case TarEntryType.SymbolicLink:
                        links.Add((path, site?.Here(entry.LinkName) ?? entry.LinkName));
                        break;
                    default:
                        throw new InvalidDataException($"{SourcePath.Shown(entry.Name)} is of the kind {entry.EntryType}, or too large.");
                }
            }
        }

        // Last, so that nothing is written through one.
        foreach (var (path, target) in links)
        {
            if (new FileInfo(path).LinkTarget is not null || Path.Exists(path)) throw new InvalidDataException("A link comes twice, or is something else too.");
            File.CreateSymbolicLink(path, target);
        }
    }

    private static string Place(string folder, string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name.TrimEnd('/')));
        return name.Length > 0 && path.StartsWith(folder + '/', StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"{SourcePath.Shown(name)} is not below the artifact.");
    }

    private static async Task AddAsync(TarWriter tar, string folder, string below, ToolSite? site, CancellationToken cancellationToken)
    {
        foreach (var path in Directory.GetFileSystemEntries(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }).Order(StringComparer.Ordinal))
        {
            var name = below.Length == 0 ? Path.GetFileName(path) : $"{below}/{Path.GetFileName(path)}";
            var mode = Libc.Mode(path) ?? throw new InvalidDataException($"{SourcePath.Shown(name)} went away while it was packed.");
            var at = site is null ? DateTimeOffset.UnixEpoch : new DateTimeOffset(File.GetLastWriteTimeUtc(path));
            switch (mode & FileKind.Mask)
            {
                case FileKind.Link:
                    await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = Target(path, site), ModificationTime = DateTimeOffset.UnixEpoch }, cancellationToken);
                    break;
                case FileKind.Folder:
                    await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)(mode & 0x1FF), ModificationTime = DateTimeOffset.UnixEpoch }, cancellationToken);
                    await AddAsync(tar, path, name, site, cancellationToken);
                    break;
                case FileKind.Plain:
                    await using (var content = Content(path, site))
                        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = (UnixFileMode)(mode & 0x1FF), ModificationTime = at, DataStream = content }, cancellationToken);
                    break;
            }
        }
    }

    private static Stream Content(string path, ToolSite? site) => site is not null && Path.GetFileName(path) is ToolSite.Environment
        ? new MemoryStream(System.Text.Encoding.UTF8.GetBytes(site.Anywhere(File.ReadAllText(path))))
        : File.OpenRead(path);

    private static string Target(string link, ToolSite? site)
    {
        var target = new FileInfo(link).LinkTarget ?? "";
        return site?.Anywhere(target) ?? target;
    }
}
