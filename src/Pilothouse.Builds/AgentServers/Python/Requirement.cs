using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>One wish for a package (PEP 508), e.g. <c>langgraph-cli[inmem]&gt;=0.4; python_version &lt; "3.13"</c>.</summary>
/// <param name="Name">Normalised: <c>Foo_Bar</c> is <c>foo-bar</c>.</param>
/// <param name="Wanted">Null when it is an address, or holds only for some machines.</param>
/// <param name="Where">The file that says so, for messages.</param>
internal sealed partial record Requirement(string Name, VersionSpecifier? Wanted, string Where)
{
    /// <summary>Null for what is no requirement: options, comments, paths.</summary>
    public static Requirement? TryParse(string text, string where)
    {
        if (Pattern().Match(text) is not { Success: true } match) return null;
        var wanted = match.Groups["address"].Success || match.Groups["marker"].Success ? null : VersionSpecifier.TryParse(match.Groups["versions"].Value.Trim(' ', '(', ')'));
        return new Requirement(Normalize(match.Groups["name"].Value), wanted, where);
    }

    public static string Normalize(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    [GeneratedRegex(
        @"^\s*(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:(?<address>@.*)|(?<versions>\(?[^;#@/]*))(?:;(?<marker>[^#]*))?(?:#.*)?$")]
    private static partial Regex Pattern();

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();
}
