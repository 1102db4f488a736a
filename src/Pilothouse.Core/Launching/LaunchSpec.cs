namespace Pilothouse.Core.Launching;

/// <summary>
/// How to run an agent server. Runtimes start launch specs and know no language; what differs between agent servers ends here.
/// Immutable, stored as JSON beside the artifact.
/// </summary>
/// <remarks>
/// <see cref="Arguments"/>, <see cref="Environment"/> and <see cref="WorkingDirectory"/> may hold the placeholders of
/// <see cref="Placeholders"/>, which the runtime replaces. <see cref="ProjectEnvironment"/> is the user's own text and is never expanded.
/// </remarks>
public sealed record LaunchSpec
{
    /// <summary>argv, program first, e.g. <c>["${toolchain}/node/22.1.0/bin/node", "--import", "…", "{\"port\":${port}}"]</c>.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>What the agent server itself needs.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The <c>env</c> map of the project's configuration, verbatim. Secrets of the deployment win over it.</summary>
    public IReadOnlyDictionary<string, string> ProjectEnvironment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Absolute once expanded, usually <c>${state}</c>.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Answers 2xx once the server can serve, e.g. <c>/ok</c>.</summary>
    public required string HealthPath { get; init; }

    /// <summary>How to learn which runs are under way; null when the server cannot tell.</summary>
    public BusyProbe? Busy { get; init; }

    public required StateLocation State { get; init; }

    /// <summary>How long the server needs after SIGTERM to write its state (JavaScript in memory: up to 3 s).</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The project authenticates its callers itself; the gateway then asks for no key.</summary>
    public bool BringsOwnAuth { get; init; }

    /// <summary>Environment that makes a boot leave no trace, for proving a revision on scratch state.</summary>
    public IReadOnlyDictionary<string, string> ScratchEnvironment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>Where an agent server keeps threads and runs.</summary>
public enum StateLocation
{
    /// <summary>Nowhere: replicas are interchangeable.</summary>
    None,

    /// <summary>Files under <c>${state}</c>: two processes must never share them.</summary>
    Files,

    /// <summary>A database of its own that replicas share: old and new may run side by side.</summary>
    Database,
}

/// <summary>Asks a running server which work is under way.</summary>
/// <param name="Method"><c>GET</c> or <c>POST</c>.</param>
/// <param name="Path">Path and query on the server, e.g. <c>/threads/search</c>.</param>
/// <param name="Body">JSON, or null.</param>
/// <param name="Reading">How to read the answer.</param>
public sealed record BusyProbe(string Method, string Path, string? Body, BusyReading Reading);

public enum BusyReading
{
    /// <summary>A JSON array of threads: each <c>thread_id</c> is one run under way.</summary>
    ThreadArray,

    /// <summary>A JSON object with <c>queue.n_running</c> and <c>queue.n_pending</c>.</summary>
    QueueMetrics,

    /// <summary>A JSON object <c>{"busy":["id", …]}</c>: our own start script's answer.</summary>
    BusyIds,
}

/// <summary>Placeholders in a <see cref="LaunchSpec"/>, and the only code that replaces them.</summary>
public static class Placeholders
{
    public const string Artifact = "${artifact}";
    public const string State = "${state}";
    public const string Toolchain = "${toolchain}";
    public const string Host = "${host}";
    public const string Port = "${port}";

    public static string Expand(string text, LaunchSite site) => text
        .Replace(Artifact, site.ArtifactDirectory, StringComparison.Ordinal)
        .Replace(State, site.StateDirectory, StringComparison.Ordinal)
        .Replace(Toolchain, site.ToolchainDirectory, StringComparison.Ordinal)
        .Replace(Host, site.Host, StringComparison.Ordinal)
        .Replace(Port, site.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
}

/// <summary>Where a launch spec is about to run; all directories absolute.</summary>
public sealed record LaunchSite(string ArtifactDirectory, string StateDirectory, string ToolchainDirectory, string Host, int Port);
