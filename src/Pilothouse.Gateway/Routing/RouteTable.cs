using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Gateway.Routing;

/// <summary>Every deployment's route. Callers look up without a lock; what must be exact is decided under the lock of one deployment.</summary>
internal sealed class RouteTable(TimeProvider time, IOptions<GatewayOptions> options) : IGateway
{
    private readonly ConcurrentDictionary<DeploymentId, RouteLane> _lanes = new();
    private readonly ConcurrentDictionary<string, RouteLane> _byLabel = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null for a label that no deployment has.</summary>
    public RouteLane? FindByLabel(string label) => _byLabel.GetValueOrDefault(label);

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
