using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Pilothouse.Testing.Listeners;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>The fake that tests of the listener rest on keeps the same contract.</summary>
public sealed class FakeListenerProtocolTests : ListenerProtocolContractTests
{
    private readonly FakeListenerProtocol _protocol = new(TimeProvider.System);

    protected override IListenerProtocol Protocol => _protocol;

    protected override Guid Listener { get; } = Guid.CreateVersion7();

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override Task<Guid> WantAsync()
    {
        var wanted = new WantedDeployment
        {
            Id = Guid.CreateVersion7(),
            WorkspaceId = Guid.CreateVersion7(),
            Name = "echo",
            RouteLabel = "echo-1",
            Generation = 1,
            IsDeleted = false,
            Next = Revision(1),
        };
        _protocol.Want(wanted);
        return Task.FromResult(wanted.Id);
    }

    protected override Task<Guid> WantNextAsync(Guid deployment)
    {
        var next = Revision(2);
        _protocol.Want(_protocol.Find(deployment)! with { Next = next });
        return Task.FromResult(next.Id);
    }

    protected override Task DeleteAsync(Guid deployment)
    {
        _protocol.Want(_protocol.Find(deployment)! with { IsDeleted = true, Active = null, Next = null });
        return Task.CompletedTask;
    }

    protected override Task<RevisionStatus> StatusAsync(Guid revision) => Task.FromResult(_protocol.Status(revision));

    protected override Task<IReadOnlyList<string>> EventKeysAsync(Guid deployment) =>
        Task.FromResult<IReadOnlyList<string>>([.. _protocol.Events.Select(happened => happened.Key)]);

    protected override Task<IReadOnlyList<string>> LogMessagesAsync(Guid revision) =>
        Task.FromResult<IReadOnlyList<string>>([.. _protocol.Logs.Where(line => line.RevisionId == revision).Select(line => line.Message)]);

    private static WantedRevision Revision(int number) => new()
    {
        Id = Guid.CreateVersion7(),
        Number = number,
        ArtifactDigest = "00",
        LaunchSpec = LaunchSpecJson.WriteElement(FakeBuildEngine.Launch),
        Environment = new Dictionary<string, string>(StringComparer.Ordinal),
        CpuCores = 1,
        MemoryBytes = 1,
    };
}
