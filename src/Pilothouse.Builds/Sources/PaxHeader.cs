using System.Buffers.Text;
using System.Text;

namespace Pilothouse.Builds.Sources;

/// <summary>
/// What extended headers say of the next entry: records <c>LENGTH KEY=VALUE\n</c>. Times, owners and other attributes are of no use here; what would
/// change the kind or content of the entry is a fault.
/// </summary>
internal sealed class PaxHeader
{
    public string? Path { get; set; }

    public long? Size { get; private set; }

    /// <summary>Completes a sentence; null when there is none.</summary>
    public string? Fault { get; private set; }

    public void Read(ReadOnlySpan<byte> content, bool isGlobal)
    {
        while (!content.IsEmpty)
        {
            if (!Utf8Parser.TryParse(content, out int length, out var digits)
                || length > content.Length || length < digits + 3 || content[digits] != ' ' || content[length - 1] != '\n')
                throw new SourceRefusedException("The archive is damaged: an extended header cannot be read.");
            var record = content[(digits + 1)..(length - 1)];
            var sign = record.IndexOf((byte)'=');
            if (sign < 1) throw new SourceRefusedException("The archive is damaged: an extended header has a record without a name.");
            Take(Encoding.UTF8.GetString(record[..sign]), record[(sign + 1)..], isGlobal);
            content = content[length..];
        }
    }

    private void Take(string key, ReadOnlySpan<byte> value, bool isGlobal)
    {
        if (isGlobal && (key is "path" or "size" or "linkpath" || key.StartsWith("GNU.sparse.", StringComparison.Ordinal)))
            throw new SourceRefusedException($"The archive gives one {key} to all entries, in a global extended header.");

        switch (key)
        {
            case "path":
                Path = TarHeader.Text(value);
                break;
            case "size":
                if (!Utf8Parser.TryParse(value, out long size, out var digits) || digits != value.Length || size < 0) Fault = "has no readable size";
                else Size = size;
                break;
            case "linkpath":
                Fault = "has a link target in its extended header";
                break;
            default:
                if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal)) Fault = "is a sparse file";
                break;
        }
    }
}
