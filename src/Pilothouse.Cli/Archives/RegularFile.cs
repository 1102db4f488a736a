using System.Runtime.InteropServices;

namespace Pilothouse.Cli.Archives;

/// <summary>Tells files from pipes, sockets and devices, which have no length and no end: merely opening a pipe waits for ever.</summary>
internal static class RegularFile
{
    private const int AtCurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint WantType = 1;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>statx(2): 256 bytes on every architecture, <c>stx_mode</c> in the two after the 28th.</summary>
    private const int StatusBytes = 256;

    private const int ModeAt = 28;

    public static bool Is(FileInfo file)
    {
        // Only what has no length can be one of them.
        if (!OperatingSystem.IsLinux() || file.Length > 0) return true;
        var status = new byte[StatusBytes];
        return Status(AtCurrentFolder, file.FullName, DoNotFollow, WantType, status) == 0 && (BitConverter.ToUInt16(status, ModeAt) & TypeMask) == Regular;
    }

    [DllImport("libc", EntryPoint = "statx", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Status(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] status);
}
