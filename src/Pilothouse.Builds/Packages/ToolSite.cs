using System.Text.RegularExpressions;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.Packages;

/// <summary>Where a toolchain is on this machine, and how paths below it are said so that they hold on another.</summary>
/// <param name="Directory">Absolute.</param>
internal sealed partial record ToolSite(string Directory)
{
    /// <summary>Of Python's virtual environments; the one file of a tool that says where another tool is.</summary>
    public const string Environment = "pyvenv.cfg";

    /// <summary>A path of this machine as it goes out.</summary>
    public string Anywhere(string text) => text.Replace(Directory + '/', Placeholders.Toolchain + '/', StringComparison.Ordinal);

    public string Here(string text) => text.Replace(Placeholders.Toolchain + '/', Directory + '/', StringComparison.Ordinal);

    /// <summary>Whether the text names a tool, <c>{kind}/{version}</c>, or the start script's folder of one; hostile text does not.</summary>
    public static bool IsName(string name) =>
        name.Length <= 200 && Name().IsMatch(name) && !name.Contains(".installing", StringComparison.Ordinal) && !name.Contains(".lock", StringComparison.Ordinal);

    /// <summary>The tools that a launch spec names: whole ones first, then folders of start scripts, which newer programs put into older tools.</summary>
    public static IReadOnlyList<string> NamedBy(LaunchSpec launch) =>
    [
        .. launch.Arguments.Concat(launch.Environment.Values)
            .SelectMany(text => Named().Matches(text))
            .SelectMany(match => match.Groups[2].Success ? (string[])[match.Groups[1].Value, match.Groups[1].Value + match.Groups[2].Value] : [match.Groups[1].Value])
            .Where(IsName)
            .Distinct(StringComparer.Ordinal)
            .OrderBy(name => name.Count(letter => letter == '/')),
    ];

    /// <summary>The tools that links of a tool lead to.</summary>
    public static IReadOnlyList<string> NamedBy(string text) =>
        [.. Named().Matches(text).Select(match => match.Groups[1].Value).Where(IsName).Distinct(StringComparer.Ordinal)];

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._+-]*(/start-[0-9a-f]{12})?\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\$\{toolchain\}/([a-z0-9][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._+-]*)(/start-[0-9a-f]{12})?")]
    private static partial Regex Named();
}
