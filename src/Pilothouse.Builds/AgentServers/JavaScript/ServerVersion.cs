namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Which version of <c>@langchain/langgraph-api</c> runs a project, and which LangGraph that needs.</summary>
internal static class ServerVersion
{
    public const string Package = "@langchain/langgraph-api";

    /// <summary>Changed only on purpose, together with the lock file in <c>Server/</c>.</summary>
    public static SemanticVersion Default { get; } = new(2, 0, 0);

    /// <summary>Those whose storage can be handed in and whose files lie where our start script looks (seen: 0.0.64, 0.0.71, 1.0.0, 1.1.17, 1.5.1, 2.0.0).</summary>
    public static VersionRange Supported { get; } = VersionRange.Parse(">=0.0.64 <3.0.0");

    /// <summary>Node that every supported version runs on.</summary>
    public static VersionRange Node { get; } = VersionRange.Parse(">=20.16.0");

    /// <summary>What the default version runs; older than this no supported version does.</summary>
    public static IReadOnlyDictionary<string, VersionRange> Peers { get; } = new Dictionary<string, VersionRange>(StringComparer.Ordinal)
    {
        ["@langchain/langgraph"] = VersionRange.Parse("^0.2.57 || ^0.3.0 || ^0.4.0 || ^1.0.0-alpha || ^1.0.0"),
        ["@langchain/core"] = VersionRange.Parse("^0.3.59 || ^1.0.1"),
    };

    /// <summary>The project's own version where its lock file or an exact entry in its manifest names one that works here.</summary>
    /// <param name="reason">For the build log.</param>
    public static SemanticVersion Choose(NodePackage package, out string reason)
    {
        var named = package.Locked(Package);
        if (named is null && SemanticVersion.TryParse(package.Wanted(Package), out var exact)) named = exact;
        reason = named is null ? "the default"
            : Supported.Contains(named.Value) ? "named by the project"
            : $"the default, because the project's {named} cannot be run here (supported: {Supported})";
        return named is { } own && Supported.Contains(own) ? own : Default;
    }

    /// <summary>Faults that the manifest or the lock file already tell; empty when they tell none.</summary>
    public static IEnumerable<string> Faults(NodePackage package)
    {
        foreach (var (name, needed) in Peers)
        {
            if (package.Locked(name) is { } locked)
            {
                if (!needed.Contains(locked)) yield return TooOld(name, locked.ToString(), package.Manager.LockFile!, needed);
            }
            else if (VersionRange.TryParse(package.Wanted(name)) is { } wanted && !wanted.Overlaps(needed))
            {
                yield return TooOld(name, wanted.ToString(), "package.json", needed);
            }
        }
    }

    public static string TooOld(string name, string has, string where, VersionRange needed) =>
        $"The project has {name} {has} ({where}); the agent server needs {needed}. Run 'npm install {name}@latest' (or the like) and deploy again.";
}
