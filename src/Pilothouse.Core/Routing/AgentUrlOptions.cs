using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Pilothouse.Core.Routing;

/// <summary>Where callers reach agents: the gateway answers there, and the API says so.</summary>
public sealed class AgentUrlOptions : IValidatableObject
{
    public const string Section = "Gateway";

    /// <summary>RFC 1035: 253 characters, less the longest label of an agent and its dot.</summary>
    private const int MaxDomainLength = 253 - 63 - 1;

    /// <summary>
    /// e.g. <c>https://pilothouse.corp</c>; null: as the request was addressed. Its host is the control plane's own, also where it lies below
    /// the wildcard domain.
    /// </summary>
    public string? PublicUrl { get; set => field = NullIfEmpty(value?.TrimEnd('/')); }

    /// <summary>Wildcard domain of the agents, e.g. <c>agents.corp</c>, a port included where it is not the scheme's own; null: none.</summary>
    public string? Domain { get; set => field = NullIfEmpty(value); }

    /// <summary>Host of <see cref="PublicUrl"/>; null when there is none.</summary>
    public string? OwnHost => Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url) ? url.Host.TrimEnd('.') : null;

    /// <summary><see cref="Domain"/> without its port: a proxy in front may have another than we.</summary>
    public string? DomainName => Domain?.Split(':')[0];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is { } url && !IsAddress(url))
            yield return new ValidationResult($"Gateway:PublicUrl is '{url}': it must be an http or https address without query, such as https://pilothouse.corp.");
        if (Domain is { } domain && !IsDomain(domain))
            yield return new ValidationResult($"Gateway:Domain is '{domain}': it must be a bare domain such as agents.corp, with nothing else but a port: agents.corp:8443.");
    }

    private static bool IsAddress(string url) =>
        !url.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter == '\\')
        && Uri.TryCreate(url, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", Host.Length: > 0, Query: "", Fragment: "", UserInfo: "" };

    private static bool IsDomain(string domain)
    {
        var colon = domain.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && !IsPort(domain[(colon + 1)..])) return false;
        var labels = (colon < 0 ? domain : domain[..colon]).Split('.');
        return domain.Length <= MaxDomainLength && labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit);
    }

    private static bool IsPort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0;

    /// <summary>RFC 1123.</summary>
    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
