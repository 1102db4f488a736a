using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Testing.Routing;

/// <summary>Where a call of <see cref="FakeGateway"/> is.</summary>
public enum FakeCallState
{
    Held,
    UnderWay,
    Ended,

    /// <summary>Its replica went away under it.</summary>
    Cut,

    /// <summary>404: no route.</summary>
    NotFound,

    /// <summary>503: no endpoint, or held too long.</summary>
    Refused,
}

/// <summary>One caller's request.</summary>
public sealed class FakeCall(DateTimeOffset arrived) : IContractCall
{
    public DateTimeOffset Arrived { get; } = arrived;
    public FakeCallState State { get; internal set; }

    /// <summary>Who answers it; null before it was sent.</summary>
    public RevisionId? Revision { get; internal set; }
    public Uri? Endpoint { get; internal set; }
    internal DateTimeOffset SentAt { get; set; }
    internal bool WasHeld { get; set; }
}

/// <summary>A gateway without sockets, for tests of what drives a gateway. All members may be called from several threads.</summary>
public sealed class FakeGateway(TimeProvider time) : IGateway
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DeploymentId, Route> _routes = [];
    private readonly Dictionary<DeploymentId, FakeHold> _holds = [];
    private readonly List<(DeploymentId Deployment, FakeCall Call)> _calls = [];
    private readonly List<Route> _published = [];
    private TaskCompletionSource _changed = NewSource();

    /// <summary>Every route that was ever published, in order.</summary>
    public IReadOnlyList<Route> Published
    {
        get
        {
            lock (_lock) return [.. _published];
        }
    }

    public IReadOnlyList<FakeCall> Calls
    {
        get
        {
            lock (_lock) return [.. _calls.Select(pair => pair.Call)];
        }
    }

    public bool IsHeld(DeploymentId deployment)
    {
        lock (_lock) return _holds.ContainsKey(deployment);
    }

    public void Publish(Route route)
    {
        lock (_lock) Publish_NeedsLock(route);
    }

    public void Remove(DeploymentId deployment)
    {
        lock (_lock) _routes.Remove(deployment);
    }

    public Route? Find(DeploymentId deployment)
    {
        lock (_lock) return _routes.GetValueOrDefault(deployment);
    }

    public IReadOnlyList<RequestUnderWay> UnderWay(DeploymentId deployment)
    {
        lock (_lock)
        {
            return [.. Sent_NeedsLock(deployment)
                .Select(call => new RequestUnderWay(call.Revision!.Value, time.GetUtcNow() - call.SentAt))
                .OrderByDescending(request => request.Age)];
        }
    }

    public IRouteHold Hold(DeploymentId deployment, TimeSpan holdLimit)
    {
        lock (_lock)
        {
            if (_holds.ContainsKey(deployment)) throw new InvalidOperationException($"Deployment {deployment} is held already.");
            var hold = new FakeHold(this, deployment, holdLimit, [.. Sent_NeedsLock(deployment)]);
            _holds.Add(deployment, hold);
            return hold;
        }
    }

    /// <summary>A caller sends a request; it stays under way until <see cref="End"/>.</summary>
    public FakeCall Call(DeploymentId deployment)
    {
        lock (_lock)
        {
            var call = new FakeCall(time.GetUtcNow());
            _calls.Add((deployment, call));
            if (_holds.TryGetValue(deployment, out var hold)) hold.Keep_NeedsLock(call);
            else Send_NeedsLock(deployment, call);
            return call;
        }
    }

    /// <summary>The replica answered.</summary>
    public void End(FakeCall call) => Finish(candidate => candidate == call && call.State == FakeCallState.UnderWay, FakeCallState.Ended);

    /// <summary>The replica at that address is gone: what was under way there is cut.</summary>
    public void Cut(Uri endpoint) =>
        Finish(call => call.State == FakeCallState.UnderWay && call.Endpoint == endpoint, FakeCallState.Cut);

    private void Finish(Func<FakeCall, bool> which, FakeCallState state)
    {
        lock (_lock)
        {
            foreach (var (_, call) in _calls.Where(pair => which(pair.Call))) call.State = state;
            Interlocked.Exchange(ref _changed, NewSource()).TrySetResult();
        }
    }

    private void Publish_NeedsLock(Route route)
    {
        _routes[route.Deployment] = route;
        _published.Add(route);
    }

    private void Send_NeedsLock(DeploymentId deployment, FakeCall call)
    {
        if (!_routes.TryGetValue(deployment, out var route))
        {
            call.State = FakeCallState.NotFound;
            return;
        }

        if (route.Endpoints.Count == 0)
        {
            call.State = FakeCallState.Refused;
            return;
        }

        (call.State, call.Revision, call.Endpoint, call.SentAt) =
            (FakeCallState.UnderWay, route.Revision, route.Endpoints[0], time.GetUtcNow());
    }

    private IEnumerable<FakeCall> Sent_NeedsLock(DeploymentId deployment) =>
        _calls.Where(pair => pair.Deployment == deployment && pair.Call.State == FakeCallState.UnderWay).Select(pair => pair.Call);

    /// <summary>Comes back in the caller's context, which WhenAny alone would not.</summary>
    private static async Task FollowAsync(Task task) => await task;

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class FakeHold(FakeGateway gateway, DeploymentId deployment, TimeSpan limit, IReadOnlyList<FakeCall> underWay) : IRouteHold
    {
        private readonly List<FakeCall> _held = [];
        private readonly List<ITimer> _timers = [];
        private TimeSpan _longestWait;
        private bool _isReleased;

        public void Keep_NeedsLock(FakeCall call)
        {
            call.State = FakeCallState.Held;
            call.WasHeld = true;
            _held.Add(call);
            _timers.Add(gateway.Clock.CreateTimer(_ => Refuse(call), state: null, limit, Timeout.InfiniteTimeSpan));
        }

        public async Task<bool> DrainAsync(TimeSpan limit, CancellationToken cancellationToken)
        {
            var began = gateway.Clock.GetTimestamp();
            while (true)
            {
                Task changed;
                lock (gateway._lock)
                {
                    if (underWay.All(call => call.State != FakeCallState.UnderWay)) return true;
                    changed = gateway._changed.Task;
                }

                var left = limit - gateway.Clock.GetElapsedTime(began);
                if (left <= TimeSpan.Zero) return false;
                await Task.WhenAny(FollowAsync(changed), FollowAsync(Task.Delay(left, gateway.Clock, cancellationToken)));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        public SwitchCounts Release(Route next)
        {
            lock (gateway._lock)
            {
                if (_isReleased) return Counts();
                gateway.Publish_NeedsLock(next);
                return Release_NeedsLock();
            }
        }

        public void Dispose()
        {
            lock (gateway._lock)
            {
                if (!_isReleased) Release_NeedsLock();
            }
        }

        private SwitchCounts Release_NeedsLock()
        {
            _isReleased = true;
            gateway._holds.Remove(deployment);
            foreach (var timer in _timers) timer.Dispose();
            foreach (var call in _held.Where(call => call.State == FakeCallState.Held))
            {
                Waited_NeedsLock(call);
                gateway.Send_NeedsLock(deployment, call);
            }

            return Counts();
        }

        private SwitchCounts Counts() =>
            new(underWay.Count, _held.Count, _held.Count(call => call.Revision is not null),
                _held.Count(call => call.Revision is null), _longestWait);

        private void Refuse(FakeCall call)
        {
            lock (gateway._lock)
            {
                if (call.State != FakeCallState.Held) return;
                call.State = FakeCallState.Refused;
                Waited_NeedsLock(call);
            }
        }

        private void Waited_NeedsLock(FakeCall call)
        {
            var waited = gateway.Clock.GetUtcNow() - call.Arrived;
            if (waited > _longestWait) _longestWait = waited;
        }
    }

    private TimeProvider Clock => time;
}
