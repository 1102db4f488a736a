using System.Text.Json;

namespace Pilothouse.Cli.Deploy;

/// <summary>The folders outside a project's own that belong to its source.</summary>
internal static class LocalFolders
{
    /// <summary>Absolute: entries of <c>dependencies</c> that start with a dot, and <c>source.root</c>, the folder of a uv workspace's lock file.</summary>
    /// <param name="home">Absolute; what they are relative to.</param>
    /// <exception cref="MisuseException">One does not exist, or is more than a project.</exception>
    public static IEnumerable<string> Of(JsonElement config, string home, string configName)
    {
        if (config.ValueKind != JsonValueKind.Object) return [];
        var named = new List<(string Key, string Text)>();
        if (config.TryGetProperty("dependencies", out var dependencies) && dependencies.ValueKind == JsonValueKind.Array)
            named.AddRange(dependencies.EnumerateArray()
                .Where(one => one.ValueKind == JsonValueKind.String && one.GetString()!.StartsWith('.'))
                .Select(one => ("dependencies", one.GetString()!)));
        if (config.TryGetProperty("source", out var source) && Text(source, "kind") is "uv" && Text(source, "root") is { } root) named.Add(("source.root", root));
        return named.Select(one => Existing(home, one.Text, $"{configName}: {one.Key} names {one.Text}, which"));
    }

    /// <param name="what">Begins a sentence that goes on with what the folder is.</param>
    /// <exception cref="MisuseException">It is all that its user has, or more.</exception>
    public static string Checked(string folder, string what)
    {
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.GetDirectoryName(folder) is null || string.Equals(folder, user, StringComparison.Ordinal) || Holds(folder, user)
            ? throw new MisuseException($"{what} {folder}: more than a project, and all of it would be sent. Name a folder of its own.")
            : folder;
    }

    /// <summary>Whether one folder is inside another.</summary>
    public static bool Holds(string outer, string inner) => inner.StartsWith($"{outer.TrimEnd('/')}/", StringComparison.Ordinal);

    /// <summary>The nearest that is or holds all.</summary>
    public static string Common(IReadOnlyList<string> folders)
    {
        var common = folders[0];
        while (!folders.All(folder => string.Equals(folder, common, StringComparison.Ordinal) || Holds(common, folder))) common = Path.GetDirectoryName(common)!;
        return common;
    }

    private static string Existing(string home, string text, string what)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(home, text)));
        if (File.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        else if (!Directory.Exists(folder)) throw new MisuseException($"{what} does not exist.");
        return Checked(folder, $"{what} is");
    }

    private static string? Text(JsonElement config, string key) =>
        config.ValueKind == JsonValueKind.Object && config.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
