using System.Security.Cryptography;
using System.Text;
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

    private static readonly IReadOnlyDictionary<string, string> s_startFiles = Resources("js-start/");
    private static readonly IReadOnlyDictionary<string, string> s_serverFiles = Resources("js-server/");
    private static readonly string s_start = $"start-{Hash(s_startFiles)}";

    /// <summary>Of the default server and our start script.</summary>
    public static string Fingerprint { get; } = $"{ServerVersion.Package}@{ServerVersion.Default} {Hash(s_serverFiles)} {s_start} {Tsx} {TypeScript}";

    /// <exception cref="BuildUnavailableException">The registry did not give the server.</exception>
    public async Task<ServerTool> EnsureAsync(SemanticVersion version, IBuildLog log, CancellationToken cancellationToken)
    {
        var isDefault = version == ServerVersion.Default;
        // The default's name says what is in it, so that a changed lock file makes another one.
        var name = isDefault ? $"langgraph-api-js/{version}-{Hash(s_serverFiles)}" : $"langgraph-api-js/{version}";
        var folder = await toolchains.EnsureAsync(name, async (into, stop) =>
        {
            log.Write("INFO", $"Bringing the agent server {ServerVersion.Package} {version} into the toolchain.");
            if (isDefault)
                foreach (var (file, text) in s_serverFiles)
                    await File.WriteAllTextAsync(Path.Combine(into, file), text, stop);
            await node.InstallAsync(into, isDefault ? [] : [$"{ServerVersion.Package}@{version}", Tsx, TypeScript], stop);
        }, cancellationToken);

        await WriteStartAsync(folder, cancellationToken);
        return new ServerTool(version, $"{Placeholders.Toolchain}/{name}", s_start);
    }

    /// <summary>Named by its content: a newer Pilothouse puts its own beside the one that running agents were started with.</summary>
    private static async Task WriteStartAsync(string server, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(server, s_start);
        if (Directory.Exists(folder)) return;
        var temporary = Path.Combine(server, $"{s_start}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        foreach (var (file, text) in s_startFiles) await File.WriteAllTextAsync(Path.Combine(temporary, file), text, cancellationToken);
        try
        {
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Somebody else was first with the same content.
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static Dictionary<string, string> Resources(string prefix)
    {
        var assembly = typeof(ServerTools).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToDictionary(name => name[prefix.Length..], name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return reader.ReadToEnd();
            }, StringComparer.Ordinal);
    }

    private static string Hash(IReadOnlyDictionary<string, string> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', files.Select(file => $"{file.Key}\0{file.Value}")))))[..12];
}
