using System.Formats.Tar;
using System.IO.Compression;

namespace Pilothouse.EndToEnd.World;

/// <summary>Source archives as clients send them.</summary>
public static class Tarball
{
    /// <summary>All files of a folder but installed packages; <paramref name="edit"/> may change a file's text (null drops it).</summary>
    public static byte[] OfFolder(string folder, Func<string, string, string?>? edit = null)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(folder, file), Text: File.ReadAllText(file)))
            .Where(file => !file.Name.Contains("node_modules", StringComparison.Ordinal) && !file.Name.Contains("__pycache__", StringComparison.Ordinal))
            .Select(file => (file.Name, Text: edit is null ? file.Text : edit(file.Name, file.Text)))
            .Where(file => file.Text is not null)
            .ToDictionary(file => file.Name, file => file.Text!, StringComparer.Ordinal);
        return OfFiles(files);
    }

    public static byte[] OfFiles(IReadOnlyDictionary<string, string> files)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            foreach (var (name, text) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)),
                });
            }
        }

        return bytes.ToArray();
    }
}
