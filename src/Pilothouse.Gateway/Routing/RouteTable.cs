using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Gateway.Routing;

/// <summary>Every deployment's route. Callers look up without a lock; what must be exact is decided under the lock of one deployment.</summary>
internal sealed class RouteTable(TimeProvider time, IOptions<GatewayOptions> options, IAgentsLease lease) : IGateway
{
    /// <summary>Agents that another process ran a moment ago come up here within this, each in its time.</summary>
    private static readonly TimeSpan s_takingOver = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<DeploymentId, RouteLane> _lanes = new();
    private readonly ConcurrentDictionary<string, RouteLane> _byLabel = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether routes that are not there yet may come in the next moment.</summary>
    public bool IsTakingOver => lease.TakenAt is { } at && time.GetUtcNow() - at < s_takingOver;

    /// <summary>Null for a label that no deployment has; while agents are taken over, only after a wait.</summary>
    public ValueTask<RouteLane?> FindAsync(string label, CancellationToken cancellationToken) =>
        _byLabel.TryGetValue(label, out var lane) || !IsTakingOver ? new ValueTask<RouteLane?>(lane) : AwaitAsync(label, cancellationToken);

    public void Publish(Route route)
    {
        var lane = Lane(route.Deployment);
        var before = lane.Route;
        lane.Publish(route);
        _byLabel[route.Label] = lane;
        if (before is not null && !string.Equals(before.Label, route.Label, StringComparison.OrdinalIgnoreCase)) _byLabel.TryRemove(before.Label, out _);
    }

    public void Remove(DeploymentId deployment)
    {
        if (!_lanes.TryGetValue(deployment, out var lane)) return;
        if (lane.Route is { } route) _byLabel.TryRemove(route.Label, out _);
        lane.Close();
    }

    public Route? Find(DeploymentId deployment) => _lanes.GetValueOrDefault(deployment)?.Route;

    public IReadOnlyList<RequestUnderWay> UnderWay(DeploymentId deployment) => _lanes.GetValueOrDefault(deployment)?.UnderWay() ?? [];

    public IRouteHold Hold(DeploymentId deployment, TimeSpan holdLimit) => Lane(deployment).Hold(holdLimit);

    private async ValueTask<RouteLane?> AwaitAsync(string label, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        RouteLane? lane;
        while (!_byLabel.TryGetValue(label, out lane) && time.GetElapsedTime(began) < options.Value.RestartLimit) await Task.Delay(s_look, time, cancellationToken);
        return lane;
    }

    private RouteLane Lane(DeploymentId deployment) =>
        _lanes.GetOrAdd(deployment, static (deployment, table) => new RouteLane(table, deployment), this);

    /// <summary>Requests at replicas now, of all deployments.</summary>
    public int UnderWayTotal => _lanes.Sum(pair => pair.Value.Count);

    /// <summary>Requests that wait now, of all deployments.</summary>
    public int Waiting => _lanes.Sum(pair => pair.Value.Waiting);

    internal TimeProvider Time => time;

    internal int MaxHeld => options.Value.MaxHeld;

    /// <summary>A hold ends with another label than it began with only if a deployment was renamed meanwhile.</summary>
    internal void Labelled(Route route, RouteLane lane) => _byLabel[route.Label] = lane;
}
