using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Listeners;

namespace Pilothouse.Control.Tests.Listeners.Remote;

/// <summary>The protocol over a socket does what it does in one process.</summary>
public sealed class RemoteProtocolTests : ListenerProtocolContractTests
{
    private RemoteWorld _world = null!;

    protected override IListenerProtocol Protocol => _world.Connection;

    protected override Guid Listener => _world.Listener;

    public override async ValueTask InitializeAsync() => _world = await RemoteWorld.StartAsync();

    public override ValueTask DisposeAsync() => _world.DisposeAsync();

    protected override Task<Guid> WantAsync() => _world.WantAsync();

    protected override Task<Guid> WantNextAsync(Guid deployment) => _world.WantNextAsync(deployment);

    protected override Task DeleteAsync(Guid deployment) => _world.Control.DeleteAsync(deployment);

    protected override Task<RevisionStatus> StatusAsync(Guid revision) => _world.Control.StatusAsync(revision);

    /// <summary>Without those that the control plane tells itself.</summary>
    protected override async Task<IReadOnlyList<string>> EventKeysAsync(Guid deployment) =>
        [.. (await _world.Control.EventsAsync(deployment)).Where(one => one.Kind is "test").Select(one => one.Key)];

    protected override async Task<IReadOnlyList<string>> LogMessagesAsync(Guid revision) =>
        [.. (await _world.Control.LogsAsync(revision, isBuild: false)).Select(line => line.Message)];
}
