namespace Pilothouse.Builds.Toolchains;

/// <summary>Where Python packages come from, in uv's words. The settings are pip's as well as uv's, so that an operator says it once; uv's own win.</summary>
/// <param name="Arguments">What uv takes on the command line only.</param>
internal sealed record UvSources(IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> Arguments)
{
    private static readonly IReadOnlyDictionary<string, string[]> s_words = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["PIP_INDEX_URL"] = ["UV_DEFAULT_INDEX", "UV_INDEX_URL"],
        ["PIP_EXTRA_INDEX_URL"] = ["UV_INDEX", "UV_EXTRA_INDEX_URL"],
        ["PIP_FIND_LINKS"] = ["UV_FIND_LINKS"],
        ["PIP_TRUSTED_HOST"] = ["UV_INSECURE_HOST"],
        ["PIP_CERT"] = ["SSL_CERT_FILE"],
        ["PIP_PROXY"] = ["ALL_PROXY"],
    };

    public static UvSources None { get; } = new(new Dictionary<string, string>(StringComparer.Ordinal), []);

    /// <param name="settings">Names as in the environment, e.g. <c>PIP_INDEX_URL</c>.</param>
    public static UvSources Of(IReadOnlyDictionary<string, string> settings)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (word, names) in s_words)
            if (settings.TryGetValue(word, out var text) && Places(text) is { Length: > 0 } places && !names.Any(settings.ContainsKey))
                environment[names[0]] = places;
        foreach (var (name, value) in settings.Where(setting => setting.Key.StartsWith("UV_", StringComparison.Ordinal)))
            environment[name] = value;
        return new UvSources(environment, IsOn("PIP_NO_INDEX") || IsOn("UV_NO_INDEX") ? ["--no-index"] : []);

        bool IsOn(string name) => settings.TryGetValue(name, out var text) && text.ToLowerInvariant() is "1" or "true" or "yes" or "on";
    }

    /// <summary>Adds the settings of a pip.conf below these: its sections <c>[global]</c> and <c>[install]</c>.</summary>
    /// <param name="folder">Absolute; where its relative paths begin.</param>
    public UvSources Over(IEnumerable<string> pipConfig, string folder)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        var (section, name) = ("", "");
        foreach (var line in pipConfig.Where(line => line.Trim() is not ("" or ['#' or ';', ..])))
        {
            if (line.TrimStart().StartsWith('['))
            {
                (section, name) = (line.Trim(' ', '\t', '[', ']').ToLowerInvariant(), "");
            }
            else if (char.IsWhiteSpace(line[0]) && name.Length > 0)
            {
                settings[name] = $"{settings[name]} {line.Trim()}".Trim();
            }
            else if (section is "global" or "install" && line.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
            {
                name = $"PIP_{line[..equals].Trim().ToUpperInvariant().Replace('-', '_')}";
                settings[name] = line[(equals + 1)..].Trim();
            }
        }

        if (settings.TryGetValue("PIP_FIND_LINKS", out var links))
            settings["PIP_FIND_LINKS"] = string.Join(' ', links.Split(' ').Select(link => link.Contains("://", StringComparison.Ordinal) ? link : Path.Combine(folder, link)));
        var below = Of(settings);
        var environment = new Dictionary<string, string>(below.Environment, StringComparer.Ordinal);
        foreach (var (key, value) in Environment) environment[key] = value;
        return new UvSources(environment, Arguments.Count > 0 ? Arguments : below.Arguments);
    }

    /// <summary>uv stops at a folder that is not there, where pip goes on.</summary>
    private static string Places(string text) => string.Join(' ', text.Split((char[])[' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries)
        .Where(place => !place.StartsWith('/') || Path.Exists(place)));
}
