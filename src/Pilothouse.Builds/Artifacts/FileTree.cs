// The banned-symbols list knows the same rule and forbids even saying so.
#pragma warning disable MA0163
using System.Diagnostics;
using System.IO.Enumeration;
using Pilothouse.Builds.Native;

namespace Pilothouse.Builds.Artifacts;

/// <summary>Folders that foreign programs have filled: with anything, at any depth, under any permissions.</summary>
internal static class FileTree
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Never follows links. Nothing there is fine.</summary>
    /// <exception cref="IOException">Something is still there.</exception>
    public static async Task DeleteAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder)) return;
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Open(folder);
            // Paths longer than the system takes in one piece (an ArgumentException, of all things): rm walks them folder by folder.
            using var remove = Process.Start(new ProcessStartInfo("/bin/rm", ["-rf", "--", folder]));
            if (remove is not null) await remove.WaitForExitAsync(cancellationToken);
            if (Directory.Exists(folder)) throw new IOException($"'{folder}' cannot be removed; look at its permissions.", exception);
        }
    }

    /// <summary>Files with their modes, links as links. The target must not be there.</summary>
    public static void Copy(string from, string to, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(to, File.GetUnixFileMode(from));
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link) File.CreateSymbolicLink(target, link);
            else if (entry is DirectoryInfo) Copy(entry.FullName, target, cancellationToken);
            else File.Copy(entry.FullName, target);
        }
    }

    /// <summary>Sum of all files' lengths; what vanishes meanwhile, or cannot be read, does not count.</summary>
    public static long Bytes(string folder, CancellationToken cancellationToken)
    {
        long bytes = 0;
        using var lengths = new Lengths(folder);
        while (lengths.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes += lengths.Current;
        }

        return bytes;
    }

    private sealed class Lengths(string folder)
        : FileSystemEnumerator<long>(folder, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
    {
        protected override bool ContinueOnError(int error) => true;

        protected override bool ShouldRecurseIntoEntry(ref FileSystemEntry entry) =>
            entry.IsDirectory && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

        protected override long TransformEntry(ref FileSystemEntry entry) =>
            entry.IsDirectory || entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? 0 : entry.Length;
    }

    /// <summary>Makes every folder ours to empty again.</summary>
    private static void Open(string folder)
    {
        var pending = new Stack<string>([folder]);
        while (pending.TryPop(out var at))
        {
            try
            {
                if (Libc.Mode(at) is not { } mode || (mode & FileKind.Mask) != FileKind.Folder) continue;
                File.SetUnixFileMode(at, OwnerAll);
                foreach (var below in Directory.EnumerateDirectories(at)) pending.Push(below);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // rm tells.
            }
        }
    }
}

/// <summary>Bits of <c>st_mode</c>.</summary>
internal static class FileKind
{
    public const int Mask = 0xF000;
    public const int Folder = 0x4000;
    public const int Plain = 0x8000;
    public const int Link = 0xA000;
    public const int SetIds = 0xC00;
    public const int OwnerRead = 0x100;
    public const int OwnerExecute = 0x40;
}
