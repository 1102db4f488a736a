using System.Text.Json;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.State;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reconciling;

/// <summary>Gathers all that a plan rests on.</summary>
internal sealed class SituationReader(
    WantedDeployments wanted, IRuntime runtime, IGateway gateway, SwitchJournal journal, ReportOutbox outbox, RunnableRevisions runnable)
{
    public Situation Read(DeploymentId deployment, DeploymentMemory memory, IReadOnlySet<RevisionId> quiet)
    {
        var want = wanted.Find(deployment);
        var replicas = runtime.List().Where(replica => replica.Deployment == deployment).ToList();
        var active = runnable.Remember(want, want?.Active, memory, mayFail: false);
        var next = runnable.Remember(want, want?.Next, memory, mayFail: true);

        var interesting = replicas.Select(replica => replica.Revision).ToHashSet();
        if (active is not null) interesting.Add(active.Id);
        if (next is not null) interesting.Add(next.Id);
        memory.Keep(interesting);

        return new Situation
        {
            IsWanted = want is not null,
            IsDeleted = want?.IsDeleted == true,
            Generation = want?.Generation ?? 0,
            Active = active,
            Next = next,
            Known = memory.Runnable.ToDictionary(pair => pair.Key, pair => pair.Value.Planned),
            Replicas = replicas,
            Route = gateway.Find(deployment),
            LastSwitch = want is null ? null : journal.Read(deployment),
            Failed = memory.Failed.Keys.ToHashSet(),
            Proven = memory.Proven.Keys.ToHashSet(),
            Quiet = quiet,
            IsNextAccepted = next is not null && outbox.IsTaken(deployment, next.Id, ClaimPhase.Deployed),
        };
    }
}

/// <summary>Turns wanted revisions into ones that can be run.</summary>
internal sealed class RunnableRevisions(DataFolders folders, IOptions<ListenerOptions> options)
{
    /// <param name="mayFail">A launch spec that cannot be read fails the revision; else it is thrown, and serving goes on as it is.</param>
    /// <exception cref="JsonException">The launch spec is not one.</exception>
    public PlannedRevision? Remember(WantedDeployment? wanted, WantedRevision? revision, DeploymentMemory memory, bool mayFail)
    {
        if (wanted is null || revision is null) return null;
        try
        {
            var runnable = RunnableRevision.Of(wanted, revision, folders, options.Value);
            memory.Runnable[runnable.Planned.Id] = runnable;
            return runnable.Planned;
        }
        catch (JsonException) when (mayFail)
        {
            var id = new RevisionId(revision.Id);
            memory.Failed[id] = $"Revision {revision.Number} has a launch spec that this listener cannot read; is the listener older than the builder?";
            return new PlannedRevision(id, revision.Number, StateLocation.None);
        }
    }
}
