using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>The <c>python_version</c> of langgraph.json.</summary>
/// <param name="Minor">Of Python 3.</param>
/// <param name="Fault">What to fix; null when nothing.</param>
internal sealed partial record PythonRequirement(int Minor, string? Fault)
{
    /// <summary>What the vendor's own CLI takes when nothing is said, and the oldest that every supported server runs on.</summary>
    public const int Default = 11;

    public string Text => $"3.{Minor}";

    public static PythonRequirement Of(string configFile, JsonElement config)
    {
        var wanted = config.Member("python_version");
        if (wanted.ValueKind == JsonValueKind.Undefined) return new PythonRequirement(Default, Fault: null);
        if (wanted.ValueKind != JsonValueKind.String)
            return Wrong($"{configFile}: python_version must be a string like \"3.11\", not {wanted.GetRawText()}.");

        var text = wanted.GetString()!;
        if (Pattern().Match(text) is not { Success: true } match)
            return Wrong($"{configFile}: python_version is \"{text}\"; give major and minor version only, like \"3.11\".");
        var (major, minor) = (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        return major != 3 || minor < Default
            ? Wrong($"{configFile}: python_version is \"{text}\", but the agent server needs Python 3.{Default} or newer.")
            : new PythonRequirement(minor, Fault: null);
    }

    private static PythonRequirement Wrong(string fault) => new(Default, fault);

    /// <summary>The vendor's images have a distribution behind it: <c>3.11-bookworm</c>.</summary>
    [GeneratedRegex(@"^(\d{1,3})\.(\d{1,3})(?:-(?:bookworm|slim|wolfi|debian))?$")]
    private static partial Regex Pattern();
}
