namespace Pilothouse.EndToEnd.Hostile;

/// <summary>Texts that make programs act which paste them into a shell, an option list, a path, a header or a query.</summary>
internal static class Payloads
{
    /// <param name="canary">Absolute path that exists if one of them was obeyed.</param>
    public static IReadOnlyList<string> For(string canary) =>
    [
        $";touch {canary}", $"; touch {canary} #", $"$(touch {canary})", $"`touch {canary}`", $"| touch {canary}", $"|| touch {canary}",
        $"&& touch {canary}", $"& touch {canary}", $"\ntouch {canary}\n", $"\rtouch {canary}\r", $"\r\ntouch {canary}", $"a\0;touch {canary}",
        $"\"; touch {canary}; \"", $"'; touch {canary}; '", $"${{IFS}}touch${{IFS}}{canary}", $"<(touch {canary})", $"> {canary}", $">> {canary}",
        $"--upload-pack=touch {canary}", $"-oProxyCommand=touch {canary}", $"ext::sh -c touch% {canary}", $"-c core.sshCommand=touch\t{canary}",
        $"--config={canary}", $"-e {canary}", "-", "--", "../../../../../../etc/passwd", $"../../../../../..{canary}", canary, $"file://{canary}",
        $"%0atouch%20{canary}", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%c0%af..", $"{{{{constructor.constructor('touch {canary}')()}}}}",
        $"'); ATTACH DATABASE '{canary}' AS x; --", "' OR '1'='1", $"<script src=\"file://{canary}\">", "${jndi:ldap://127.0.0.1/a}", "\u202e\u0007\u001b[2J",
        new string('A', 20_000),
    ];
}
