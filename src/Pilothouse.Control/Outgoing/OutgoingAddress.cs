using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Outgoing;

/// <summary>The shape of an address that a user named; where it leads is checked at connecting (<see cref="OutgoingHttp"/>).</summary>
internal sealed class OutgoingAddress(IOptions<OutgoingOptions> options)
{
    public const int MaxLength = 2048;

    /// <summary>Null for an address that may be called, else one clause that says what is wrong, e.g. <c>must begin with https://</c>.</summary>
    public string? FaultOf(string text)
    {
        if (text.Length > MaxLength) return $"must have at most {MaxLength} characters";
        if (text.Any(letter => letter is '\\' or > '~' or <= ' ')) return "must be a URL of printable ASCII characters without spaces and backslashes";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0) return "must be an absolute URL";
        if (!url.Scheme.Equals(Uri.UriSchemeHttps, StringComparison.Ordinal) && !IsPlainLoopback(url)) return "must begin with https://";
        if (url.UserInfo.Length > 0 || text.Split('/', 4)[2].Contains('@', StringComparison.Ordinal)) return "must not contain a user name or password";
        return text.Contains('#', StringComparison.Ordinal) ? "must not contain a fragment" : null;
    }

    private bool IsPlainLoopback(Uri url) =>
        options.Value.AllowPrivateAddresses && url.IsLoopback && url.Scheme.Equals(Uri.UriSchemeHttp, StringComparison.Ordinal);
}
