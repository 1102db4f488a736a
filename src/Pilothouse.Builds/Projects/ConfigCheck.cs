using System.Text.Json;
using Pilothouse.Builds.Sources;

namespace Pilothouse.Builds.Projects;

/// <summary>Collects what is wrong with a configuration; every sentence begins with file and key.</summary>
/// <param name="file">Name of the file for messages.</param>
/// <param name="sourceRoot">Absolute.</param>
/// <param name="folder">Absolute; that of the file.</param>
internal sealed class ConfigCheck(string file, string sourceRoot, string folder)
{
    private readonly List<string> _faults = [];
    private readonly List<string> _warnings = [];

    public IReadOnlyList<string> Faults => _faults;

    public IReadOnlyList<string> Warnings => _warnings;

    /// <param name="text">Goes on after the key, e.g. <c>must be a list of texts.</c></param>
    public void Fault(string key, string text) => _faults.Add($"{file}: {SourcePath.Shown(key)} {text}");

    public void Warn(string key, string text) => _warnings.Add($"{file}: {SourcePath.Shown(key)} {text}");

    public bool Is(JsonElement value, JsonValueKind kind, string key, string example)
    {
        if (value.ValueKind == kind) return true;
        var wanted = kind switch { JsonValueKind.Object => "an object", JsonValueKind.Array => "a list", _ => "a text" };
        Fault(key, $"must be {wanted}, like {example}; it is {ConfigText.Kind(value)}.");
        return false;
    }

    /// <summary>An object's member, where it is there and of the kind; one that is there and of another kind is a fault.</summary>
    public JsonElement? Member(JsonElement owner, string key, string name, JsonValueKind kind, string example) =>
        owner.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null && Is(member, kind, $"{key}.{name}", example) ? member : null;

    public void IsBoolean(JsonElement owner, string key, string name)
    {
        if (owner.TryGetProperty(name, out var member) && member.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
            Fault($"{key}.{name}", $"must be true or false; it is {ConfigText.Kind(member)}.");
    }

    public void IsPositive(JsonElement owner, string key, string name)
    {
        if (owner.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            && !(member.ValueKind == JsonValueKind.Number && member.TryGetDouble(out var number) && number > 0))
            Fault($"{key}.{name}", "must be a number above 0.");
    }

    public bool IsListOfTexts(JsonElement value, string key, string example)
    {
        if (!Is(value, JsonValueKind.Array, key, example)) return false;
        foreach (var (item, index) in value.EnumerateArray().Select((item, index) => (item, index)))
        {
            if (item.ValueKind == JsonValueKind.String) continue;
            Fault($"{key}[{index}]", $"must be a text, like {example}; it is {ConfigText.Kind(item)}.");
            return false;
        }

        return true;
    }

    /// <summary><c>./path/to/file.py:name</c> in a member called path.</summary>
    public void IsImport(JsonElement owner, string key, string name, bool isMandatory)
    {
        if (!owner.TryGetProperty(name, out var member) || member.ValueKind == JsonValueKind.Null)
        {
            if (isMandatory) Fault($"{key}.{name}", "is missing; it must be in the format './path/to/file.py:attribute_name'.");
            return;
        }

        if (member.ValueKind != JsonValueKind.String || member.GetString()!.LastIndexOf(':') is var colon && (colon <= 0 || colon == member.GetString()!.Length - 1))
            Fault($"{key}.{name}", $"is {SourcePath.Shown(member.GetRawText())}; it must be in the format './path/to/file.py:attribute_name'.");
    }

    /// <returns>Absolute, inside the source; null when it is not, which then is a fault.</returns>
    public string? Inside(string path, string key)
    {
        if (path.Any(SourcePath.IsMisleading) || path.Contains('\\', StringComparison.Ordinal))
        {
            Fault(key, $"points to {SourcePath.Shown(path)}; use a plain path with /.");
            return null;
        }

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(folder, path)));
        if (!Path.IsPathRooted(path) && (full + '/').StartsWith(Path.GetFullPath(sourceRoot) + '/', StringComparison.Ordinal)) return full;
        Fault(key, $"points to {SourcePath.Shown(path)}, which is outside the uploaded source.");
        return null;
    }
}
