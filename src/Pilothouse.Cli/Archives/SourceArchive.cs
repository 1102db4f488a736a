using System.Formats.Tar;
using System.IO.Compression;

namespace Pilothouse.Cli.Archives;

/// <summary>A project as a gzip'd tar in a temporary file, gone when disposed. The same files give the same bytes.</summary>
internal sealed class SourceArchive : IDisposable
{
    /// <summary>The control plane takes no more.</summary>
    private const long MaxBytes = 200L * 1024 * 1024;

    /// <summary>The same always; zip files and wheels know no time before 1980.</summary>
    private static readonly DateTimeOffset s_time = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private SourceArchive(FileStream file, int count)
    {
        File = file;
        Count = count;
    }

    /// <summary>At its beginning.</summary>
    public FileStream File { get; }

    public int Count { get; }

    /// <param name="maxBytes">Of the archive; reading stops as soon as there are more.</param>
    /// <exception cref="MisuseException">Nothing to send, or more than the control plane takes.</exception>
    public static async Task<SourceArchive> CreateAsync(IReadOnlyList<SourceFile> files, CancellationToken cancellationToken, long maxBytes = MaxBytes)
    {
        if (files.Count == 0) throw new MisuseException("The folder has no files to deploy; is everything ignored?");
        var path = Path.Combine(Path.GetTempPath(), $"pilothouse-{Guid.NewGuid():N}.tar.gz");
        var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose);
        try
        {
            await WriteAsync(files, new BoundedStream(stream, maxBytes), cancellationToken);
            stream.Position = 0;
            return new SourceArchive(stream, files.Count);
        }
        catch (TooLongException)
        {
            await stream.DisposeAsync();
            throw TooLarge(files, maxBytes);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public void Dispose() => File.Dispose();

    private static async Task WriteAsync(IReadOnlyList<SourceFile> files, Stream to, CancellationToken cancellationToken)
    {
        await using var gzip = new GZipStream(to, CompressionLevel.Optimal, leaveOpen: true);
        await using var tar = new TarWriter(gzip, TarEntryFormat.Gnu, leaveOpen: true);
        foreach (var file in files)
        {
            await using var content = System.IO.File.OpenRead(file.Path);
            var isExecutable = !OperatingSystem.IsWindows() && (System.IO.File.GetUnixFileMode(file.Path) & UnixFileMode.UserExecute) != UnixFileMode.None;
            // Not PAX: its headers carry times and the id of this process.
            var entry = new GnuTarEntry(TarEntryType.RegularFile, file.Name)
            {
                DataStream = content,
                Mode = isExecutable ? Executable : Plain,
                ModificationTime = s_time,
            };
            await tar.WriteEntryAsync(entry, cancellationToken);
        }
    }

    private static MisuseException TooLarge(IReadOnlyList<SourceFile> files, long maxBytes)
    {
        var sizes = files.Select(file => (file.Name, new FileInfo(file.Path).Length)).ToList();
        var heaviest = HeaviestParts.Of(sizes, count: 5).Select(part => $"  {Mebibytes(part.Bytes),12}  {part.Name}");
        return new MisuseException(
            $"The source is too large: {files.Count} files of {Mebibytes(sizes.Sum(file => file.Length))}, and packed more than the {Mebibytes(maxBytes)} that the control plane takes. "
            + $"Most of it:\n{string.Join('\n', heaviest)}\nName what the agent does not need in .gitignore or .dockerignore.");
    }

    private static string Mebibytes(long bytes) => $"{bytes / 1024.0 / 1024.0:0.0} MiB";
}
