using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Pilothouse.Control.Storage;

/// <summary>Files, and folders, that are there whole after a crash or a power cut, or not at all.</summary>
internal static class DurableFile
{
    private const int ReadOnlyDirectory = 0x10000 | 0x80000; // O_RDONLY | O_DIRECTORY | O_CLOEXEC, Linux

    /// <summary>Writes beside, syncs, renames, syncs the folder. Mode 0600 from the first byte on.</summary>
    public static async Task WritePrivateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using (var file = new FileStream(temporary, settings))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            Publish(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>
    /// Creates what of the path is missing, for its owner alone, and makes its name durable: a file that is synced in a folder whose name is not is lost with it.
    /// </summary>
    /// <param name="safe">A folder on the way whose name is durable. Those below it that are there may have been made a moment ago by somebody who has not synced
    /// them yet, and are synced too; null: what is there is durable.</param>
    public static void CreateFolder(string path, string? safe = null)
    {
        if (path.Equals(safe, StringComparison.Ordinal) || (safe is null && Directory.Exists(path))) return;
        var above = Path.GetDirectoryName(path)!;
        CreateFolder(above, safe);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SyncDirectory(above);
    }

    /// <summary>Renames a synced file to its final name and makes the name durable.</summary>
    public static void Publish(string synced, string path)
    {
        File.Move(synced, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>A rename survives a power cut only once its folder is synced (fsync(2), "Notes").</summary>
    private static void SyncDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux()) return;
        var handle = Open(directory, ReadOnlyDirectory);
        if (handle < 0) throw new IOException($"Cannot open '{directory}' to sync it.", new Win32Exception(Marshal.GetLastPInvokeError()));
        try
        {
            if (Sync(handle) != 0) throw new IOException($"Cannot sync '{directory}'.", new Win32Exception(Marshal.GetLastPInvokeError()));
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int handle);
}
