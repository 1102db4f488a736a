using System.Text.Json;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Tests.World;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>One deployment that nobody can run stalls no other, fails with a sentence, and can be deleted (T31).</summary>
public sealed class PoisonedDeploymentTests : IDisposable
{
    private readonly ListenerWorld _world = new();

    public void Dispose() => _world.Dispose();

    public static TheoryData<string> BadLaunchSpecs => new(
        "null", "[]", "\"text\"", "{}", "{\"arguments\":[]}",
        Launch(""", "state":"cloud" """),
        Launch(""", "environment":{"A":null} """),
        Launch(""", "busy":{"method":"DELETE","path":"/x","reading":"busy_ids"} """),
        Launch(""", "busy":{"method":"GET","path":"//elsewhere/x","reading":"busy_ids"} """),
        Launch(""", "busy":{"method":"GET","path":"no slash","reading":"busy_ids"} """),
        Launch("").Replace("\"/ok\"", "\"ok\"", StringComparison.Ordinal),
        Launch("").Replace("\"/ok\"", "\"//elsewhere/ok\"", StringComparison.Ordinal),
        Launch("").Replace("[\"server\"]", "[null]", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(BadLaunchSpecs))]
    public void Launch_spec_that_cannot_be_read_fails_its_revision_and_nothing_else(string spec)
    {
        var good = _world.Deploy();
        var poisoned = Poison(_world.Revision(1) with { LaunchSpec = JsonDocument.Parse(spec).RootElement });
        _world.Start();

        _world.UntilStatus(good.Next!, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));
        _world.UntilStatus(poisoned.Next!, RevisionStatus.DeployFailed, TimeSpan.FromSeconds(5));

        Assert.Contains("has a launch spec that this listener cannot read", Failure(poisoned), StringComparison.Ordinal);
        AssertCanBeDeleted(poisoned);
    }

    [Fact]
    public void Launch_spec_of_an_active_revision_that_cannot_be_read_lets_a_newer_one_through()
    {
        var poisoned = Poison(_world.Revision(1));
        _world.Control.Want(poisoned with { Active = poisoned.Next! with { LaunchSpec = JsonDocument.Parse("{}").RootElement }, Next = null });
        var good = _world.Deploy();
        _world.Start();
        _world.UntilStatus(good.Next!, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));
        Assert.Equal("1", _world.Running());

        var next = _world.Next(_world.Control.Find(poisoned.Id)!, 2);
        _world.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));

        AssertCanBeDeleted(poisoned);
    }

    [Fact]
    public void Launch_spec_of_an_active_revision_that_cannot_be_read_does_not_hinder_deletion()
    {
        var poisoned = Poison(_world.Revision(1));
        _world.Control.Want(poisoned with { Active = poisoned.Next! with { LaunchSpec = JsonDocument.Parse("{}").RootElement }, Next = null });
        _world.Start();

        AssertCanBeDeleted(poisoned);
    }

    [Fact]
    public void Replica_that_the_runtime_refuses_again_and_again_is_failed_after_its_limit_with_the_reason()
    {
        var good = _world.Deploy();
        var poisoned = Poison(_world.Revision(1));
        _world.BeforeStart = spec =>
        {
            if (spec.Deployment.Value == poisoned.Id) throw new RuntimeUnavailableException("No room for it.");
        };
        _world.Start();

        _world.UntilStatus(good.Next!, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));
        _world.UntilStatus(poisoned.Next!, RevisionStatus.DeployFailed, TimeSpan.FromMinutes(6));

        Assert.Equal("Revision 1 could not be started: No room for it.", Failure(poisoned));
        AssertCanBeDeleted(poisoned);
    }

    [Fact]
    public void Artifact_that_is_not_there_is_waited_for_and_then_failed()
    {
        var poisoned = Poison(_world.Revision(1) with { ArtifactDigest = "not-there" });
        _world.Start();

        _world.UntilStatus(poisoned.Next!, RevisionStatus.DeployFailed, TimeSpan.FromMinutes(6));

        Assert.Contains("The artifact of revision 1 is not at", Failure(poisoned), StringComparison.Ordinal);
    }

    [Fact]
    public void Flood_of_huge_lines_delays_neither_the_switch_nor_the_lines_of_others()
    {
        var good = _world.Serving();
        var noisy = Poison(_world.Revision(1));
        _world.UntilStatus(noisy.Next!, RevisionStatus.Deployed);
        var line = new string('x', 16_000);
        using var flood = _world.Simulation.Time.CreateTimer(
            _ =>
            {
                for (var count = 0; count < 1000; count++) _world.Runtime.Log(ListenerWorld.Real(noisy, 1), "INFO", line);
            },
            state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));

        var next = _world.Next(good, 2);
        _world.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));
        _world.Runtime.Log(ListenerWorld.Real(good, 2), "INFO", "a quiet word");
        _world.Until(() => _world.Control.Logs.Any(one => one.Message == "a quiet word"), "the word arrives", TimeSpan.FromSeconds(2));

        Assert.Contains(_world.Control.Logs, one => one.Message.Contains("were left out here", StringComparison.Ordinal));
    }

    private WantedDeployment Poison(WantedRevision first) => _world.Deploy(first);

    private string Failure(WantedDeployment poisoned) =>
        _world.Control.Reports.Last(report => report.DeploymentId == poisoned.Id && report.Phase == "failed").Message!;

    private void AssertCanBeDeleted(WantedDeployment poisoned)
    {
        _world.Control.Want(_world.Control.Find(poisoned.Id)! with { IsDeleted = true });
        _world.Until(() => _world.Control.Find(poisoned.Id) is null, "it is deleted", TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(_world.Runtime.List(), replica => replica.Deployment.Value == poisoned.Id);
    }

    private static string Launch(string more) =>
        $$"""{"arguments":["server"],"working_directory":"/","health_path":"/ok","state":"files"{{more}}}""";
}
