using System.IO.Compression;
using System.Text;

namespace Pilothouse.Control.Tests.Uploads;

internal static class Archives
{
    public static byte[] Gzip(string content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(content));
        return bytes.ToArray();
    }
}
