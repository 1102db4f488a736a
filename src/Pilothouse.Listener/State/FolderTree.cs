namespace Pilothouse.Listener.State;

/// <param name="EmptyFiles">Files of no bytes.</param>
internal sealed record FolderSize(int Files, int EmptyFiles, long Bytes)
{
    public static FolderSize Nothing { get; } = new(0, 0, 0);

    public static FolderSize operator +(FolderSize one, FolderSize other) =>
        new(one.Files + other.Files, one.EmptyFiles + other.EmptyFiles, one.Bytes + other.Bytes);

    /// <summary>
    /// Under a quarter of the bytes, no files, or files that were emptied. Worth a word, not an error: people delete threads too.
    /// </summary>
    public bool ShrankTo(FolderSize later) =>
        (Bytes >= 1024 && later.Bytes < Bytes / 4) || (Files > 0 && later.Files == 0) || (later.EmptyFiles > EmptyFiles && later.Bytes < Bytes);
}

/// <summary>A folder as a whole. Links are kept as links and never followed: what is in it is the agent server's, not ours.</summary>
internal static class FolderTree
{
    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    /// <summary>An absent folder has nothing in it. A server may be at work there: what goes away meanwhile was not there.</summary>
    public static FolderSize Measure(string folder)
    {
        var size = FolderSize.Nothing;
        try
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", s_everything).Where(entry => entry.LinkTarget is null))
                size += entry is FileInfo file ? Measure(file) : Measure(entry.FullName);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone, or never there.
        }

        return size;
    }

    private static FolderSize Measure(FileInfo file)
    {
        try
        {
            return new FolderSize(1, file.Length == 0 ? 1 : 0, file.Length);
        }
        catch (FileNotFoundException)
        {
            return FolderSize.Nothing;
        }
    }

    /// <summary>Same names, links, sizes and times of change.</summary>
    public static bool AreSame(string one, string other) => Directory.Exists(one) == Directory.Exists(other)
        && (!Directory.Exists(one) || Listing(one).SequenceEqual(Listing(other)));

    /// <summary>Plain copy, without hard links, so that the two never share a later write.</summary>
    /// <exception cref="IOException">The disk is full, or a file cannot be read; the copy is then incomplete.</exception>
    public static void Copy(string from, string to, CancellationToken cancellationToken)
    {
        CreateLike(new DirectoryInfo(from), to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos("*", s_everything))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var target = Path.Combine(to, entry.Name);
            switch (entry)
            {
                case { LinkTarget: { } link }:
                    File.CreateSymbolicLink(target, link);
                    break;
                case DirectoryInfo directory:
                    Copy(directory.FullName, target, cancellationToken);
                    break;
                case FileInfo { Length: 0 } empty:
                    // Pipes and sockets have no length either; opening one would block.
                    File.Create(target).Dispose();
                    File.SetLastWriteTimeUtc(target, empty.LastWriteTimeUtc);
                    break;
                case FileInfo file:
                    file.CopyTo(target, overwrite: true);
                    File.SetLastWriteTimeUtc(target, file.LastWriteTimeUtc);
                    break;
            }
        }
    }

    /// <summary>Absent already: nothing happens.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private static void CreateLike(DirectoryInfo like, string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, like.UnixFileMode | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static IEnumerable<(string Path, string Content)> Listing(string folder) => Leaves(new DirectoryInfo(folder))
        .Select(leaf => (Path.GetRelativePath(folder, leaf.FullName), Content(leaf)))
        .OrderBy(leaf => leaf.Item1, StringComparer.Ordinal);

    private static string Content(FileSystemInfo leaf) => leaf is { LinkTarget: { } link }
        ? $"link to {link}"
        : $"{((FileInfo)leaf).Length} bytes of {leaf.LastWriteTimeUtc:O}";

    /// <summary>Files and links.</summary>
    private static IEnumerable<FileSystemInfo> Leaves(DirectoryInfo folder)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos("*", s_everything))
        {
            if (entry is not DirectoryInfo { LinkTarget: null } directory)
            {
                yield return entry;
                continue;
            }

            foreach (var inner in Leaves(directory)) yield return inner;
        }
    }
}
