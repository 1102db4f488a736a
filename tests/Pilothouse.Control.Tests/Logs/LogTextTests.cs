using System.Diagnostics;
using System.Text;
using CsCheck;
using Pilothouse.Control.Logs;
using Xunit;

namespace Pilothouse.Control.Tests.Logs;

public sealed class LogTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("<b>bold</b> & '\"", "<b>bold</b> & '\"")]
    [InlineData("\u001b[1;31merror\u001b[0m: x", "error: x")]
    [InlineData("\u001b]0;title\u0007text", "text")]
    [InlineData("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link")]
    [InlineData("\u001bP x", "␛P x")]
    [InlineData("\u001b[", "␛[")]
    [InlineData("a\u0000b\u0008c\u007f", "a␀b␈c␡")]
    [InlineData("col1\tcol2", "col1\tcol2")]
    [InlineData("one\r\ntwo\rthree\n", "one\ntwo\nthree")]
    [InlineData("\u202egnp.exe", "\\u202egnp.exe")]
    [InlineData("שלום عليكم 😀", "שלום عليكم 😀")]
    [InlineData("\u0085\u009b31m", "\ufffd\ufffd31m")]
    public void T38_what_acts_on_a_terminal_becomes_text(string raw, string expected) =>
        Assert.Equal(expected, LogText.Stored(raw, Redactor.None, 8_192));

    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced() =>
        Assert.Equal("half \ufffd of a pair", LogText.Stored($"half {'\ud83d'} of a pair", Redactor.None, 8_192));

    [Theory]
    [InlineData('x')]
    [InlineData('\u001b')]
    [InlineData('é')]
    [InlineData('\n')]
    public void T38_line_of_100_MB_is_cut_at_once(char character)
    {
        var began = Stopwatch.GetTimestamp();

        var stored = LogText.Stored(new string(character, 100_000_000), Redactor.Of(["some secret"]), 8_192);

        Assert.InRange(Encoding.UTF8.GetByteCount(stored), 1, 8_192 + 50);
        Assert.EndsWith("(cut: the line was longer)", stored, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Line_as_long_as_the_limit_is_whole()
    {
        Assert.Equal(new string('x', 256), LogText.Stored(new string('x', 256), Redactor.None, 256));
        Assert.Equal(new string('x', 256) + " … (cut: the line was longer)", LogText.Stored(new string('x', 257), Redactor.None, 256));
        Assert.StartsWith(new string('é', 128) + " …", LogText.Stored(new string('é', 129), Redactor.None, 256), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_stored_as_valid_bounded_text_without_control_characters() => Gen.Char.Array[0, 700].Sample(characters =>
    {
        var stored = LogText.Stored(new string(characters), Redactor.Of(["abcabc"]), 256);
        var bytes = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetBytes(stored);
        Assert.InRange(bytes.Length, 0, 256 + 50);
        Assert.DoesNotContain(stored, character => char.IsControl(character) && character is not ('\t' or '\n'));
    });
}
