using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Pilothouse.Testing.Listeners;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>The protocol as the control plane speaks it in process.</summary>
public sealed class ListenerProtocolTests : ListenerProtocolContractTests
{
    private ControlWorld _world = null!;

    protected override IListenerProtocol Protocol => _world.Protocol;

    protected override Guid Listener => EmbeddedListener.Id;

    public override async ValueTask InitializeAsync() => _world = await ControlWorld.StartAsync();

    public override ValueTask DisposeAsync() => _world.DisposeAsync();

    protected override async Task<Guid> WantAsync()
    {
        var deployment = await _world.DeploymentAsync();
        await WantNextAsync(deployment);
        return deployment;
    }

    protected override async Task<Guid> WantNextAsync(Guid deployment)
    {
        var revision = await _world.AddRevisionAsync(deployment, row =>
        {
            row.Status = RevisionStatus.AwaitingDeploy;
            row.ArtifactDigest = "00";
            row.LaunchSpec = LaunchSpecJson.Write(FakeBuildEngine.Launch);
        });
        await _world.RaiseAsync(revision);
        return revision;
    }

    protected override Task DeleteAsync(Guid deployment) => _world.DeleteAsync(deployment);

    protected override Task<RevisionStatus> StatusAsync(Guid revision) => _world.StatusAsync(revision);

    /// <summary>Without those that the control plane tells itself.</summary>
    protected override async Task<IReadOnlyList<string>> EventKeysAsync(Guid deployment) =>
        [.. (await _world.EventsAsync(deployment)).Where(one => one.Kind is "test").Select(one => one.Key)];

    protected override async Task<IReadOnlyList<string>> LogMessagesAsync(Guid revision) =>
        [.. (await _world.LogsAsync(revision, isBuild: false)).Select(line => line.Message)];
}
