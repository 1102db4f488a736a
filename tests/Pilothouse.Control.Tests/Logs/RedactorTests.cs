using System.Text;
using System.Text.Json;
using Pilothouse.Control.Logs;
using Xunit;

namespace Pilothouse.Control.Tests.Logs;

public sealed class RedactorTests
{
    private const string Secret = "p@ss \"wörd\"\\n/ 42+x";

    public static TheoryData<string> Spellings() =>
    [
        Secret,
        JsonSerializer.Serialize(Secret)[1..^1],
        Secret.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal),
        Secret.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("ö", "\\u00f6", StringComparison.Ordinal),
        Uri.EscapeDataString(Secret),
    ];

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Secret_is_masked_however_it_is_written(string spelling)
    {
        var redactor = Redactor.Of([Secret]);

        Assert.Equal("{\"password\":\"***\"} again ***", redactor.Redact($"{{\"password\":\"{spelling}\"}} again {spelling}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("u:")]
    [InlineData("user:")]
    [InlineData("admin:")]
    public void Secret_in_base64_is_masked_wherever_it_begins(string before)
    {
        const string Token = "sk-0123456789abcdef";
        var header = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{before}{Token}@host"));

        var redacted = Redactor.Of([Token]).Redact($"Authorization: Basic {header}");

        Assert.Contains(Redactor.Mask, redacted, StringComparison.Ordinal);
        var left = redacted.Replace(Redactor.Mask, " ", StringComparison.Ordinal).Split(' ')[2..];
        Assert.All(left, piece => Assert.DoesNotContain("0123456789", Decoded(piece), StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_of_a_key_are_masked_one_by_one()
    {
        var redactor = Redactor.Of(["-----BEGIN KEY-----\nMIIabcdefgh\r\nIJKLMNOP\n-----END KEY-----\n"]);

        Assert.Equal("read ***", redactor.Redact("read MIIabcdefgh"));
        Assert.Equal("then ***", redactor.Redact("then IJKLMNOP"));
    }

    [Fact]
    public void Short_values_are_left_and_longer_ones_win()
    {
        var redactor = Redactor.Of(["true", "secret", "secret-and-more"]);

        Assert.Equal("true *** and ***!", redactor.Redact("true secret-and-more and secret!"));
        Assert.Equal("plain", Redactor.None.Redact("plain"));
        Assert.Equal("plain", Redactor.Of([]).Redact("plain"));
    }

    [Fact]
    public void Overlapping_secrets_leave_no_tail()
    {
        var redactor = Redactor.Of(["abcdefgh", "efghijkl", "ijklmnop"]);

        Assert.Equal("<***>", redactor.Redact("<abcdefghijklmnop>"));
    }

    [Fact]
    public void Long_secret_is_masked_as_far_as_it_goes()
    {
        var secret = string.Concat(Enumerable.Range(0, 1_000).Select(number => $"{number:x4}"));
        var redactor = Redactor.Of([secret]);

        Assert.Equal("a *** z", redactor.Redact($"a {secret} z"));
        Assert.Equal("a ***!", redactor.Redact($"a {secret[..1_000]}!"));
    }

    [Fact]
    public void Secret_across_the_cut_leaves_no_beginning()
    {
        var redactor = Redactor.Of(["0123456789abcdef"]);
        for (var length = 240; length <= 300; length++)
        {
            var stored = LogText.Stored(new string('x', length) + "0123456789abcdef" + new string('y', 100), redactor, limitBytes: 256);
            Assert.DoesNotContain("0123", stored, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Secret_hidden_by_terminal_sequences_is_masked()
    {
        var redactor = Redactor.Of(["hunter2-hunter2"]);

        Assert.Equal("x *** y", LogText.Stored("x hunt\u001b[31mer2-hu\u001b]0;t\u0007nter2 y", redactor, 8_192));
    }

    private static string Decoded(string piece)
    {
        var whole = piece[..(piece.Length / 4 * 4)];
        var bytes = new byte[whole.Length];
        return Convert.TryFromBase64String(whole, bytes, out var length) ? Encoding.Latin1.GetString(bytes, 0, length) : "";
    }
}
