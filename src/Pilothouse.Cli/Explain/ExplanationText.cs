using Pilothouse.Contracts.Explain;

namespace Pilothouse.Cli.Explain;

/// <summary>How an explanation is shown to people.</summary>
internal static class ExplanationText
{
    public static IEnumerable<string> Of(Explanation explanation) =>
        explanation.Findings.SelectMany(Of).Prepend(explanation.Summary);

    /// <summary>The mark, the area, what is so; then the lines that matter; then what to do.</summary>
    public static IEnumerable<string> Of(Finding finding)
    {
        var since = finding.Since is { } at ? $" (since {at:u})" : "";
        yield return $"{Mark(finding.Severity)} {finding.Area}: {finding.Summary}{since}";
        foreach (var line in finding.Details) yield return $"    {line}";
        yield return $"  → {finding.Action}";
    }

    private static string Mark(string severity) => severity switch
    {
        FindingSeverities.Error => "✗",
        FindingSeverities.Warning => "!",
        _ => "▸",
    };
}
