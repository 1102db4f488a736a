using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.Sandbox;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Tests;

/// <summary>The whole engine as a control plane has it, on a data directory of its own.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    // Always the same, so that real installs find their package cache again.
    private static readonly WorkspaceId s_workspace = new(Guid.Parse("00000000-0000-7000-8000-00000000e2e0"));

    private readonly ServiceProvider _services;
    private readonly string _root;

    private EngineHost(ServiceProvider services, string root) => (_services, _root) = (services, root);

    public string Data => Path.Combine(_root, "data");

    public RecordedLog Log { get; } = new();

    public IBuildEngine Engine => _services.GetRequiredService<IBuildEngine>();

    public IServiceProvider Services => _services;

    public IArtifacts Artifacts => _services.GetRequiredService<IArtifacts>();

    public BuildPlaces Places => _services.GetRequiredService<BuildPlaces>();

    public string SandboxProgram => _services.GetRequiredService<SandboxProbe>().FindAsync(CancellationToken.None).GetAwaiter().GetResult().Program ?? "";

    /// <summary>With agent servers for real projects.</summary>
    public static EngineHost Real(params (string Key, string Value)[] settings) => Create(_ => { }, settings);

    /// <summary>With an agent server that only runs the project's install_command: quick, and of any behaviour.</summary>
    public static EngineHost Scripted(params (string Key, string Value)[] settings) => Create(services =>
    {
        services.RemoveAll<IAgentServer>();
        services.AddSingleton<IAgentServer, ScriptServer>();
    }, settings);

    /// <summary>As <see cref="Scripted"/>, and with a bucket that others have too.</summary>
    public static EngineHost InBucket(IBucket bucket, params (string Key, string Value)[] settings) => Create(services =>
    {
        services.RemoveAll<IAgentServer>();
        services.AddSingleton<IAgentServer, ScriptServer>();
        services.AddSingleton(bucket);
    }, settings);

    public async Task<BuildOutcome> BuildAsync(
        byte[] archive, string configPath = "langgraph.json", string? install = null, string? build = null, CancellationToken? cancellationToken = null, RecordedLog? log = null)
    {
        var file = Path.Combine(_root, $"{Guid.NewGuid():N}.tgz");
        await File.WriteAllBytesAsync(file, archive);
        try
        {
            return await Engine.BuildAsync(new BuildRequest
            {
                Workspace = s_workspace,
                Deployment = DeploymentId.New(),
                Revision = RevisionId.New(),
                Source = new BuildSource.Tarball(file, Convert.ToHexStringLower(SHA256.HashData(archive))),
                ConfigPath = configPath,
                InstallCommand = install,
                BuildCommand = build,
            }, log ?? Log, cancellationToken ?? Xunit.TestContext.Current.CancellationToken);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public async Task<Artifact> BuiltAsync(byte[] archive, string configPath = "langgraph.json", string? install = null, string? build = null)
    {
        var outcome = await BuildAsync(archive, configPath, install, build);
        return outcome is BuildOutcome.Built built ? built.Artifact : throw new InvalidOperationException($"{outcome}\n{Log.Text}");
    }

    public async Task<string> RefusedAsync(byte[] archive, string? install = null, string? build = null)
    {
        var outcome = await BuildAsync(archive, install: install, build: build);
        return outcome is BuildOutcome.Refused refused ? refused.Message : throw new InvalidOperationException($"{outcome}\n{Log.Text}");
    }

    public string ArtifactFolder(Artifact artifact) => Path.Combine(Data, "artifacts", artifact.Digest);

    /// <summary>What builds under way have on disk: nothing, when none is.</summary>
    public string[] WorkDirectories() => Directory.Exists(Path.Combine(Data, "builds"))
        ? [.. Directory.EnumerateFileSystemEntries(Path.Combine(Data, "builds")).Select(path => Path.GetFileName(path)!).Where(name => name is not ("index" or "gate"))]
        : [];

    /// <summary>Numbers of all processes that belong to a build of this host.</summary>
    public IReadOnlyList<int> Processes() => MarkedProcesses.Find(Path.Combine(Data, "builds"));

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private static EngineHost Create(Action<IServiceCollection> change, (string Key, string Value)[] settings)
    {
        var root = Directory.CreateTempSubdirectory("pilothouse-engine-").FullName;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("Builds:DataDirectory", Path.Combine(root, "data")), .. settings.Select(setting => new KeyValuePair<string, string?>($"Builds:{setting.Key}", setting.Value))]).Build();
        var services = new ServiceCollection().AddLogging().AddBuilds(configuration);
        change(services);
        return new EngineHost(services.BuildServiceProvider(), root);
    }
}

/// <summary>An agent server that runs <c>install_command</c> and keeps what it made.</summary>
internal sealed class ScriptServer(IToolchains toolchains) : IAgentServer
{
    public AgentServerKind Kind => AgentServerKind.Python;

    public string Fingerprint => "script 1";

    public IReadOnlyList<string> Faults(AgentProject project) => [];

    public async Task<AgentServerBuild> BuildAsync(AgentProject project, RunCommand run, IBuildLog log, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(toolchains.Directory);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/bin:/bin" };
        if (project.InstallCommand is { } command
            && await run(new ToolCommand(["/bin/sh", "-c", command], project.SourceRoot, environment), line => log.Write("INFO", line), cancellationToken) is var code and not 0)
            return new AgentServerBuild.Refused($"install_command ended with code {code}.");
        return new AgentServerBuild.Ready(
            new Core.Launching.LaunchSpec { Arguments = ["/bin/true"], WorkingDirectory = "${artifact}/src", HealthPath = "/ok", State = Core.Launching.StateLocation.None }, "script 1");
    }
}
