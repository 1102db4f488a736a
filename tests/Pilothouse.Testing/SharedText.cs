using System.Text;

namespace Pilothouse.Testing;

/// <summary>What one thread writes and another reads meanwhile: a <see cref="StringWriter"/> is for one at a time, and so is what <see cref="TextWriter.Synchronized"/> wraps.</summary>
public sealed class SharedText : TextWriter
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();

    public SharedText() => CoreNewLine = ['\n'];

    public override Encoding Encoding => Encoding.Unicode;

    public override void Write(char value)
    {
        lock (_lock) _text.Append(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (_lock) _text.Append(buffer, index, count);
    }

    public override void Write(string? value)
    {
        lock (_lock) _text.Append(value);
    }

    /// <summary>The line and its end together, so that no other's comes between.</summary>
    public override void WriteLine(string? value) => Write($"{value}\n");

    /// <summary>All that was written until now.</summary>
    public override string ToString()
    {
        lock (_lock) return _text.ToString();
    }
}
