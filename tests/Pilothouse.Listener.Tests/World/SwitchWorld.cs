using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Routing;
using Xunit;

namespace Pilothouse.Listener.Tests.World;

/// <summary>A deployment whose first revision serves somebody who calls all the time, and a second revision to come.</summary>
public abstract class SwitchWorld : IDisposable
{
    private Callers? _callers;

    internal ListenerWorld World { get; private set; } = new(("DrainLimit", "00:00:20"));

    internal WantedDeployment Wanted { get; private set; } = null!;

    internal Callers Callers => _callers!;

    internal DeploymentId Deployment => new(Wanted.Id);

    internal RevisionId First => new(Wanted.Active!.Id);

    internal string State => World.StateOf(Wanted);

    /// <summary>Threads and traffic on revision 1.</summary>
    internal void Serve(StateLocation state = StateLocation.Files, bool canTell = true) => Serve(World.Revision(1, state, canTell));

    internal void Serve(WantedRevision first)
    {
        Wanted = World.Deploy(first);
        World.Start();
        World.UntilStatus(first, RevisionStatus.Deployed);
        World.Run(TimeSpan.FromSeconds(1));
        Wanted = World.Control.Find(Wanted.Id)!;
        FakeAgents.AddThread(State, "thread-1");
        _callers = new Callers(World, Wanted);
        World.Run(TimeSpan.FromSeconds(1));
    }

    internal void Use(params (string Key, string Value)[] settings)
    {
        World.Dispose();
        World = new ListenerWorld(settings);
    }

    /// <summary>Wants revision 2 and waits for the end of it.</summary>
    internal WantedRevision Switch(RevisionStatus status = RevisionStatus.Deployed)
    {
        var next = World.Next(Wanted, 2);
        World.UntilStatus(next, status);
        World.Run(TimeSpan.FromSeconds(2));
        return next;
    }

    internal void StartRun(RevisionId revision, string run)
    {
        if (!World.Agents.Runs.TryGetValue(revision, out var runs)) World.Agents.Runs[revision] = runs = [];
        runs.Add(run);
    }

    internal void EndRun(RevisionId revision, string run) => World.Agents.Runs[revision].Remove(run);

    /// <summary>A request or socket that stays open.</summary>
    internal FakeCall Open() => World.Gateway.Call(Deployment);

    internal SwitchProof Proof(WantedRevision revision) => Read(Event(ListenerEventKinds.Switched, revision));

    internal static SwitchProof Read(ReportedEvent happened) => happened.Data!.Value.Deserialize(ApiJson.Default.SwitchProof)!;

    internal ReportedEvent Event(string kind, WantedRevision revision) =>
        Assert.Single(World.Control.Events, one => one.Kind == kind && one.Key.Contains($"{revision.Id:N}", StringComparison.Ordinal));

    internal string LastMessage(WantedRevision revision) =>
        World.Control.Reports.Last(report => report.RevisionId == revision.Id && report.Message is not null).Message!;

    /// <summary>Nobody was refused or cut, and every answered thread is there.</summary>
    internal void AssertNothingLost()
    {
        Assert.Empty(Callers.Lost);
        Assert.True(Callers.Answered.Count > 20);
        Assert.Empty(Callers.Answered.Append("thread-1").Except(FakeAgents.Threads(State)));
        Assert.Empty(World.Violations);
        Assert.Empty(World.Runtime.Violations);
    }

    public void Dispose()
    {
        _callers?.Dispose();
        World.Dispose();
        GC.SuppressFinalize(this);
    }
}
