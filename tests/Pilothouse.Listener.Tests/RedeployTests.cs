using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Tests.World;
using Xunit;

namespace Pilothouse.Listener.Tests;

public sealed class RedeployTests : IDisposable
{
    private readonly ListenerWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void First_revision_starts_on_the_real_state_and_gets_its_callers()
    {
        var wanted = _world.Serving();

        Assert.Equal("1", _world.Running());
        Assert.Equal(wanted.Active!.Id, _world.RouteOf(wanted)!.Revision.Value);
        Assert.Single(_world.RouteOf(wanted)!.Endpoints);
        Assert.True(_world.RouteOf(wanted)!.RequiresKey);
        Assert.Equal("echo-1234", _world.RouteOf(wanted)!.Label);
        Assert.Equal(ListenerEventKinds.Started, Assert.Single(_world.Control.Events).Kind);
        Assert.Equal("deployed", _world.Control.Reports.Last(report => report.RevisionId is not null).Phase);
        AssertNoViolation();
    }

    [Fact]
    public void Redeploy_moves_callers_and_keeps_threads()
    {
        var wanted = _world.Serving();
        FakeAgents.AddThread(_world.StateOf(wanted), "thread-1");

        var next = _world.Next(wanted, 2);
        _world.UntilStatus(next, RevisionStatus.Deployed);
        _world.Run(TimeSpan.FromSeconds(1));

        Assert.Equal("2", _world.Running());
        Assert.Equal(next.Id, _world.RouteOf(wanted)!.Revision.Value);
        Assert.Equal(["thread-1"], FakeAgents.Threads(_world.StateOf(wanted)));
        Assert.Single(Directory.GetDirectories(_world.CopiesOf(wanted)));
        var proof = Proof(next.Id);
        Assert.Equal((1, 2, 0, 0), (proof.FromRevision, proof.ToRevision, proof.Refused, proof.Cut));
        Assert.Equal(0, proof.RunsUnderWayAtHold);
        Assert.Equal("thread-1\n".Length, proof.StateBytesBefore);
        Assert.False(Directory.Exists(Path.Combine(_world.Root, "scratch", ListenerWorld.Scratch(wanted, 2).Value)));
        AssertNoViolation();
    }

    private SwitchProof Proof(Guid revision)
    {
        var happened = Assert.Single(_world.Control.Events, one => one.Key == $"switched:{revision:N}");
        return happened.Data!.Value.Deserialize(ApiJson.Default.SwitchProof)!;
    }

    private void AssertNoViolation()
    {
        Assert.Empty(_world.Violations);
        Assert.Empty(_world.Runtime.Violations);
    }
}
