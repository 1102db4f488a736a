using System.Runtime.InteropServices;

namespace Pilothouse.Builds.Native;

/// <summary>The few calls of the C library that .NET does not offer.</summary>
internal static partial class Libc
{
    public const int Kill = 9;

    // Linux numbers; statx's layout is the same on every architecture.
    private const int AtCurrentDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const uint TypeModeAndLinks = 0x7;
    private const int StatBytes = 256;
    private const int ReadOnlyDirectory = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC

    /// <summary>Kind and permission bits as in <c>st_mode</c>, of the entry itself and not of what it points to; null when it is not there.</summary>
    public static unsafe ushort? Mode(string path)
    {
        var buffer = stackalloc byte[StatBytes];
        return StatX(AtCurrentDirectory, path, DoNotFollow, TypeModeAndLinks, buffer) == 0 ? *(ushort*)(buffer + 28) : null;
    }

    /// <summary>Of the file system that a folder is on, as <c>254:1</c>; null when it is not there.</summary>
    public static unsafe string? Device(string folder)
    {
        var buffer = stackalloc byte[StatBytes];
        return StatX(AtCurrentDirectory, folder, 0, TypeModeAndLinks, buffer) == 0 ? $"{*(uint*)(buffer + 136)}:{*(uint*)(buffer + 140)}" : null;
    }

    /// <summary>Writes all that the file system of a folder still holds in memory: much quicker than one file after the other.</summary>
    public static void SyncFileSystem(string folder) => WithFolder(folder, SyncFs);

    /// <summary>A rename survives a power cut only once its folder is synced (fsync(2), "Notes").</summary>
    public static void SyncFolder(string folder) => WithFolder(folder, Sync);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int SendSignal(int processOrGroup, int signal);

    private static void WithFolder(string folder, Func<int, int> call)
    {
        if (!OperatingSystem.IsLinux()) return;
        var handle = Open(folder, ReadOnlyDirectory);
        if (handle < 0) throw new IOException($"Cannot open '{folder}' to sync it: {Marshal.GetLastPInvokeErrorMessage()}.");
        try
        {
            if (call(handle) != 0) throw new IOException($"Cannot sync '{folder}': {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
