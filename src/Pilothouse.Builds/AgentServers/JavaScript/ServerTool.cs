using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>An installed agent server with our start script beside it.</summary>
/// <param name="Folder">Below <c>${toolchain}</c>, with <c>/</c>.</param>
/// <param name="Start">Name of the start script's folder inside it.</param>
internal sealed record ServerTool(SemanticVersion Version, string Folder, string Start);

/// <summary>Installs agent servers into the toolchain, never into a project: a project's own packages could not even hold it (peer conflicts).</summary>
internal sealed class ServerTools(IToolchains toolchains, NodeTools node)
{
    private const string Tsx = "tsx@4.23.15";
    private const string TypeScript = "typescript@5.9.3";

    private static readonly EmbeddedFiles s_startFiles = EmbeddedFiles.Of("js-start/");
    private static readonly EmbeddedFiles s_serverFiles = EmbeddedFiles.Of("js-server/");
    private static readonly string s_start = $"start-{s_startFiles.Hash}";

    /// <summary>Of the default server and our start script.</summary>
    public static string Fingerprint { get; } = $"{ServerVersion.Package}@{ServerVersion.Default} {s_serverFiles.Hash} {s_start} {Tsx} {TypeScript}";

    /// <exception cref="BuildUnavailableException">The registry did not give the server.</exception>
    public async Task<ServerTool> EnsureAsync(SemanticVersion version, IBuildLog log, CancellationToken cancellationToken)
    {
        var isDefault = version == ServerVersion.Default;
        // The default's name says what is in it, so that a changed lock file makes another one.
        var name = isDefault ? $"langgraph-api-js/{version}-{s_serverFiles.Hash}" : $"langgraph-api-js/{version}";
        var folder = await toolchains.EnsureAsync(name, async (into, stop) =>
        {
            log.Write("INFO", $"Bringing the agent server {ServerVersion.Package} {version} into the toolchain.");
            if (isDefault) await s_serverFiles.WriteIntoAsync(into, stop);
            await node.InstallAsync(into, isDefault ? [] : [$"{ServerVersion.Package}@{version}", Tsx, TypeScript], stop);
        }, cancellationToken);

        await s_startFiles.WriteAsync(Path.Combine(folder, s_start), cancellationToken);
        return new ServerTool(version, $"{Placeholders.Toolchain}/{name}", s_start);
    }
}
