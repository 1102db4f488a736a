using Pilothouse.Builds.AgentServers;

namespace Pilothouse.Builds.Projects;

/// <summary>The keys of langgraph.json, and which of them do nothing here.</summary>
internal static class ConfigKeys
{
    /// <summary>They describe a container image; there is none.</summary>
    public static IReadOnlyList<string> OfImages { get; } =
        ["base_image", "image_distro", "dockerfile_lines", "keep_pkg_tools", "_INTERNAL_docker_tag"];

    public static IReadOnlyList<string> All { get; } =
    [
        "$schema", "python_version", "node_version", "api_version", "pip_config_file", "pip_installer", "source", "dependencies", "graphs", "env", "store", "auth",
        "encryption", "http", "webhooks", "checkpointer", "ui", "ui_config", "priority", .. OfImages,
    ];

    /// <summary>Known, and without effect on this kind of agent server when it keeps its state in memory.</summary>
    public static IReadOnlyList<string> UnusedBy(AgentServerKind kind) => kind switch
    {
        AgentServerKind.JavaScript => ["python_version", "api_version", "pip_config_file", "pip_installer", "source", "store", "encryption", "webhooks", "checkpointer", "priority"],
        _ => ["node_version"],
    };

    /// <returns>The known key that was probably meant; null when none is near.</returns>
    public static string? Nearest(string key)
    {
        var nearest = All.MinBy(known => Distance(key, known))!;
        return Distance(key, nearest) <= Math.Max(1, nearest.Length / 3) ? nearest : null;
    }

    /// <summary>Levenshtein's; letters' case does not count.</summary>
    private static int Distance(string one, string other)
    {
        // Longer than any key by so much is near none of them.
        if (one.Length > 64) return int.MaxValue;
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replace = diagonal + (char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
