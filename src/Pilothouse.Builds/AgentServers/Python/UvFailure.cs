namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>Reads from uv's words why it failed.</summary>
internal static class UvFailure
{
    private const int LongestSentence = 700;

    private static readonly string[] s_unreachable = ["Failed to fetch", "error sending request", "dns error", "Connection refused", "Request failed after"];

    /// <summary>The words of a failure that a later try may not have; null for others.</summary>
    public static string? Unreachable(IReadOnlyList<string> lines) =>
        lines.FirstOrDefault(line => s_unreachable.Any(sign => line.Contains(sign, StringComparison.OrdinalIgnoreCase)))?.Trim(' ', '×', '╰', '─', '▶', '├');

    /// <summary>Why the packages do not go together, in one line: it names both sides with their versions. Null when that was not the failure.</summary>
    public static string? Conflict(IReadOnlyList<string> lines)
    {
        var start = lines.ToList().FindIndex(line => line.Contains("No solution found", StringComparison.Ordinal));
        if (start < 0) return null;
        var reason = lines.Skip(start + 1)
            .TakeWhile(line => !line.TrimStart().StartsWith("hint:", StringComparison.Ordinal))
            .Select(line => line.Trim(' ', '×', '╰', '─', '▶', '├', '│'))
            .Where(line => line.Length > 0);
        var text = string.Join(' ', reason);
        if (text.StartsWith("cause: ", StringComparison.Ordinal)) text = text["cause: ".Length..];
        return text.Length > LongestSentence ? $"{text[..LongestSentence]}…" : text;
    }

    /// <summary>Whether it failed on what only the installation in place needs.</summary>
    public static bool IsEditableAlone(IReadOnlyList<string> lines) =>
        lines.Any(line => line.Contains("editables", StringComparison.Ordinal) || line.Contains("build_editable", StringComparison.Ordinal) || line.Contains("requires_for_build_editable", StringComparison.Ordinal));
}
