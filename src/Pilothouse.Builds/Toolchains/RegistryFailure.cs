using System.Text.RegularExpressions;

namespace Pilothouse.Builds.Toolchains;

/// <summary>Tells from what a package manager prints that the registry, and not the project, is at fault.</summary>
internal static partial class RegistryFailure
{
    /// <param name="line">Of npm, yarn, pnpm, bun, pip or uv.</param>
    public static bool IsOne(string line) => Marks().IsMatch(line);

    [GeneratedRegex(
        """
        ^npm\ (error|ERR!)\ code\ (ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|E429|E5\d\d)\b
        |trouble\ with\ your\ network\ connection
        |getaddrinfo\ (ENOTFOUND|EAI_AGAIN)|connect\ (ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b
        |ERR_PNPM_(META_FETCH_FAIL|FETCH_5\d\d|FETCH_429)
        |\bRequestError:
        |^error:\ (ConnectionRefused|ConnectionReset|ConnectionClosed|Timeout|DNSResolveFailed|FailedToOpenSocket)\b
        |error:\ GET\ \S+\ -\ 5\d\d\b
        |NewConnectionError|Failed\ to\ establish\ a\ new\ connection|Max\ retries\ exceeded\ with\ url|Read\ timed\ out
        |error\ sending\ request\ for\ url|dns\ error:|tcp\ connect\ error|operation\ timed\ out
        """,
        RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Marks();
}
