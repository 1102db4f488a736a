using System.Text.Json;
using Microsoft.Extensions.Logging;
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
        var active = runnable.Remember(want, want?.Active, memory);
        var next = runnable.Remember(want, want?.Next, memory);

        var interesting = replicas.Select(replica => replica.Revision).ToHashSet();
        if (active is not null) interesting.Add(active.Id);
        if (next is not null) interesting.Add(next.Id);
        memory.Keep(interesting);
        // What cannot be read can run nowhere; what runs of it already serves on.
        if (active is not null && !memory.Runnable.ContainsKey(active.Id)) active = null;
        var route = gateway.Find(deployment);

        return new Situation
        {
            IsWanted = want is not null,
            IsDeleted = want?.IsDeleted == true,
            Generation = want?.Generation ?? 0,
            Active = active,
            Next = next,
            Known = memory.Runnable.ToDictionary(pair => pair.Key, pair => pair.Value.Planned),
            Replicas = replicas,
            Route = route,
            LastSwitch = want is null ? null : journal.Read(deployment),
            Failed = memory.Failed.Keys.ToHashSet(),
            Proven = memory.Proven.Keys.ToHashSet(),
            Repeats = Repeats(route, [active, next], memory),
            Quiet = quiet,
            IsNextAccepted = next is not null && outbox.IsTaken(deployment, next.Id, ClaimPhase.Deployed),
        };
    }

    private static HashSet<RevisionId> Repeats(Route? route, IEnumerable<PlannedRevision?> revisions, DeploymentMemory memory)
    {
        if (route is null || !memory.Runnable.TryGetValue(route.Revision, out var routed)) return [];
        return [.. revisions.OfType<PlannedRevision>().Select(revision => revision.Id)
            .Where(id => id != route.Revision && memory.Runnable.TryGetValue(id, out var other) && other.Repeats(routed))];
    }
}

/// <summary>Turns wanted revisions into ones that can be run.</summary>
internal sealed class RunnableRevisions(DataFolders folders, IOptions<ListenerOptions> options, ILogger<RunnableRevisions> logger)
{
    /// <summary>A launch spec that cannot be read fails the revision and nothing else.</summary>
    public PlannedRevision? Remember(WantedDeployment? wanted, WantedRevision? revision, DeploymentMemory memory)
    {
        if (wanted is null or { IsDeleted: true } || revision is null) return null;
        var id = new RevisionId(revision.Id);
        try
        {
            var runnable = RunnableRevision.Of(wanted, revision, folders, options.Value);
            memory.Runnable[id] = runnable;
            return runnable.Planned;
        }
        catch (JsonException exception)
        {
            var message = $"Revision {revision.Number} has a launch spec that this listener cannot read; is the listener older than the builder?";
            if (memory.Failed.TryAdd(id, message)) logger.RevisionUnreadable(exception, new DeploymentId(wanted.Id), id);
            return new PlannedRevision(id, revision.Number, StateLocation.None);
        }
    }
}
