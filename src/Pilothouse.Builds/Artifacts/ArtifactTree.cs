using System.Text;
using Pilothouse.Builds.Native;
using Pilothouse.Builds.Sources;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Artifacts;

/// <param name="Path">Below the root, with <c>/</c>.</param>
/// <param name="Kind"><c>d</c> folder, <c>f</c> file, <c>x</c> executable file, <c>l</c> link.</param>
/// <param name="Target">Of a link.</param>
internal sealed record TreeEntry(string Path, char Kind, string? Target = null);

/// <summary>Makes a built folder into what two builds of one source have in common, and lists it.</summary>
/// <param name="root">Absolute; becomes the artifact.</param>
internal sealed class ArtifactTree(string root, IBuildLog log)
{
    private readonly List<TreeEntry> _entries = [];

    /// <returns>Sorted by the bytes of their paths.</returns>
    public IReadOnlyList<TreeEntry> Normalize(CancellationToken cancellationToken)
    {
        Walk(root, "", cancellationToken);
        // Not the order of UTF-16, so that any program can say what it is.
        _entries.Sort((one, other) => Encoding.UTF8.GetBytes(one.Path).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other.Path)));
        return _entries;
    }

    private void Walk(string folder, string relative, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var name = Path.GetFileName(folder);
        foreach (var path in Directory.GetFileSystemEntries(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }))
        {
            var entry = Path.GetFileName(path);
            if (Libc.Mode(path) is not { } mode) continue;
            var below = relative.Length == 0 ? entry : $"{relative}/{entry}";
            switch (mode & FileKind.Mask)
            {
                case FileKind.Link:
                    AddLink(path, below);
                    break;
                case FileKind.Plain or FileKind.Folder when VolatileFiles.IsOne(name, entry, path):
                    if ((mode & FileKind.Mask) == FileKind.Folder) Directory.Delete(path, recursive: true);
                    else File.Delete(path);
                    break;
                case FileKind.Plain:
                    AddFile(path, below, mode);
                    break;
                case FileKind.Folder:
                    AddFolder(path, below, mode, cancellationToken);
                    break;
                default:
                    log.Write("WARNING", $"The build left {SourcePath.Shown(below)}, which is neither file nor folder nor link; it is removed.");
                    File.Delete(path);
                    break;
            }
        }
    }

    private void AddFolder(string path, string below, ushort mode, CancellationToken cancellationToken)
    {
        const int own = FileKind.OwnerRead | FileKind.OwnerExecute | 0x80;
        if ((mode & own) != own || (mode & FileKind.SetIds) != 0)
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var at = _entries.Count;
        _entries.Add(new TreeEntry(below, 'd'));
        Walk(path, below, cancellationToken);
        if (_entries.Count > at + 1 || Path.GetFileName(path) is not "__pycache__") return;

        // Emptied above.
        _entries.RemoveAt(at);
        Directory.Delete(path);
    }

    private void AddFile(string path, string below, ushort mode)
    {
        if ((mode & FileKind.OwnerRead) == 0 || (mode & FileKind.SetIds) != 0)
            File.SetUnixFileMode(path, (UnixFileMode)(mode & 0x1FF) | UnixFileMode.UserRead);
        _entries.Add(new TreeEntry(below, (mode & FileKind.OwnerExecute) != 0 ? 'x' : 'f'));
    }

    /// <summary>Links into the folder itself must go on meaning the same after the move.</summary>
    private void AddLink(string path, string below)
    {
        var target = new FileInfo(path).LinkTarget ?? "";
        if (target.StartsWith(root + '/', StringComparison.Ordinal))
        {
            target = Path.GetRelativePath(Path.GetDirectoryName(path)!, target);
            File.Delete(path);
            File.CreateSymbolicLink(path, target);
        }

        _entries.Add(new TreeEntry(below, 'l', target));
    }
}
