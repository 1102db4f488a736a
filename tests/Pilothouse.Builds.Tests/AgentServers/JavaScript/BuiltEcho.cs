using Pilothouse.Builds.AgentServers;
using Pilothouse.Core.Launching;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.JavaScript;

/// <summary>samples/echo-js, really installed once for all tests.</summary>
public sealed class BuiltEcho : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-echo-").FullName;

    public LaunchSpec Launch { get; private set; } = null!;

    public string Artifact => Path.Combine(_root, "artifact");

    public string NewState() => Directory.CreateDirectory(Path.Combine(_root, $"state-{Guid.NewGuid():N}")).FullName;

    public async ValueTask InitializeAsync()
    {
        NodeHost.Copy(NodeHost.EchoSample, Path.Combine(Artifact, "src"));
        var log = new RecordedLog();

        var built = await NodeHost.Server.BuildAsync(
            NodeHost.Project(Path.Combine(Artifact, "src")), NodeHost.RunCommandAsync, log, CancellationToken.None);

        Launch = built is AgentServerBuild.Ready ready ? ready.Launch : throw new InvalidOperationException($"{built}\n{log.Text}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }
}
