using System.Diagnostics;
using Xunit;

namespace Pilothouse.EndToEnd.Disks;

/// <summary>A file system of its own, in memory, as small as it is told; mounting needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount(string options)
    {
        var path = Directory.CreateTempSubdirectory("pilothouse-disk-").FullName;
        Run("mount", "-t", "tmpfs", "-o", options, "none", path);
        return new SmallDisk(path);
    }

    /// <summary>Until not one more byte goes in.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (var block = new byte[64 * 1024]; block.Length > 0; block = new byte[block.Length / 2])
        {
            try
            {
                while (true) file.Write(block);
            }
            catch (IOException)
            {
                // So much does not fit any more; perhaps half of it does.
            }
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        Directory.Delete(Path);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"This test mounts a small file system, for which it must run as root: {said}");
    }
}
