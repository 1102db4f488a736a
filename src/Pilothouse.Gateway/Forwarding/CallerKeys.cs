using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Headers that stay outside: what they hold is the gateway's, and opens the control plane too.</summary>
[Flags]
internal enum Withheld
{
    Nothing = 0,
    ApiKey = 1,
    Authorization = 2,
}

/// <summary>The keys that a request brings. They are read from headers alone, since addresses end in logs.</summary>
/// <param name="Keys">Different keys in the order of their lines.</param>
/// <param name="Withheld">Where they were.</param>
internal readonly record struct CallerKeys(IReadOnlyList<string> Keys, Withheld Withheld)
{
    private const string Header = "X-Api-Key";
    private const string Bearer = "Bearer ";

    /// <summary>Proxies join equal headers with commas.</summary>
    public static CallerKeys Read(IHeaderDictionary headers)
    {
        var lines = headers[Header];
        IReadOnlyList<string> keys = lines is [{ Length: > 0 } only] && !only.Contains(',', StringComparison.Ordinal)
            ? [only]
            : [.. lines.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];
        if (keys.Count > 0) return new CallerKeys(keys, Withheld.ApiKey | (SaysAgain(headers, keys) ? Withheld.Authorization : Withheld.Nothing));

        return headers.Authorization is [.., { } line] && line.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && line[Bearer.Length..].Trim() is { Length: > 0 } token
            ? new CallerKeys([token], Withheld.ApiKey | Withheld.Authorization)
            : new CallerKeys([], Withheld.Nothing);
    }

    /// <summary>Browsers send no credentials with it (Fetch standard, "CORS-preflight fetch"); it starts nothing.</summary>
    public static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    /// <summary>Some clients send their key in both; an <c>Authorization</c> of the agent's own goes on.</summary>
    private static bool SaysAgain(IHeaderDictionary headers, IReadOnlyList<string> keys)
    {
        foreach (var line in headers.Authorization)
            foreach (var key in keys)
                if (line is not null && line.Contains(key, StringComparison.Ordinal)) return true;
        return false;
    }
}
