using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Gateway.Routing;

/// <summary>A request that is under way: from being sent until its answer has ended. Linked into its lane, so that entering and leaving cost nothing.</summary>
internal sealed class Ticket(RouteTarget target, long since)
{
    public RouteTarget Target { get; } = target;
    public long Since { get; } = since;
    internal Ticket? Previous { get; set; }
    internal Ticket? Next { get; set; }
}

/// <summary>A route with what each request needs of it, computed once.</summary>
internal sealed class RouteTarget(Route route)
{
    private int _turn;

    public Route Route { get; } = route;

    public string Revision { get; } = route.Revision.ToString();

    private readonly string[] _prefixes = [.. route.Endpoints.Select(endpoint => endpoint.GetLeftPart(UriPartial.Authority))];

    public bool HasEndpoint => _prefixes.Length > 0;

    /// <summary>Replicas in turn.</summary>
    public string NextPrefix() => _prefixes.Length == 1 ? _prefixes[0] : _prefixes[(uint)Interlocked.Increment(ref _turn) % (uint)_prefixes.Length];
}

/// <summary>How an attempt to enter ended.</summary>
/// <param name="Ticket">To be given back with <see cref="RouteLane.Leave"/>; null when the caller cannot be sent anywhere.</param>
/// <param name="Target">The route that refused; null when there is none.</param>
internal readonly record struct Entry(Ticket? Ticket, RouteTarget? Target, string? Refusal);

/// <summary>The callers of one deployment.</summary>
// A hold belongs to whoever asked for it; the lane only knows of it.
#pragma warning disable CA1001
internal sealed class RouteLane(RouteTable table, DeploymentId deployment)
{
    private readonly Lock _lock = new();
    private volatile RouteTarget? _target;
    private LaneHold? _hold;
    private Ticket? _first;
    private int _count;
    private int _waiting;

    public Route? Route => _target?.Route;

    public RouteTarget? Target => _target;

    public void Publish(Route route)
    {
        lock (_lock) _target = new RouteTarget(route);
    }

    public void Close()
    {
        lock (_lock) _target = null;
    }

    /// <summary>Sends the caller on, or keeps it while the deployment is held.</summary>
    public ValueTask<Entry> EnterAsync(CancellationToken cancellationToken)
    {
        HeldCaller held;
        LaneHold hold;
        lock (_lock)
        {
            if (_hold is null) return new ValueTask<Entry>(Enter_NeedsLock());
            hold = _hold;
            if (hold.Waiting.Count >= table.MaxHeld)
            {
                hold.Arrived++;
                hold.Refused++;
                return new ValueTask<Entry>(new Entry(null, _target, "too many callers wait while its revisions are exchanged"));
            }

            held = new HeldCaller(table.Time.GetTimestamp());
            hold.Arrived++;
            hold.Waiting.Add(held);
        }

        return new ValueTask<Entry>(AwaitAsync(hold, held, cancellationToken));
    }

    public void Leave(Ticket ticket)
    {
        LaneHold? drained = null;
        lock (_lock)
        {
            if (ticket.Previous is null) _first = ticket.Next;
            else ticket.Previous.Next = ticket.Next;
            if (ticket.Next is not null) ticket.Next.Previous = ticket.Previous;
            _count--;
            if (_count == 0) drained = _hold;
        }

        drained?.Drained.TrySetResult();
    }

    /// <summary>False when as many wait for a replica as may; else <see cref="EndWait"/> is owed.</summary>
    public bool TryWait()
    {
        if (Interlocked.Increment(ref _waiting) <= table.MaxHeld) return true;
        EndWait();
        return false;
    }

    public void EndWait() => Interlocked.Decrement(ref _waiting);

    /// <summary>Callers that wait: for a hold to end, or for a replica.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return (_hold?.Waiting.Count ?? 0) + Volatile.Read(ref _waiting);
        }
    }

    public int Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    public IReadOnlyList<RequestUnderWay> UnderWay()
    {
        var requests = new List<RequestUnderWay>();
        lock (_lock)
        {
            for (var ticket = _first; ticket is not null; ticket = ticket.Next)
                requests.Add(new RequestUnderWay(ticket.Target.Route.Revision, table.Time.GetElapsedTime(ticket.Since)));
        }

        requests.Sort((one, two) => two.Age.CompareTo(one.Age));
        return requests;
    }

    public IRouteHold Hold(TimeSpan limit)
    {
        lock (_lock)
        {
            if (_hold is not null) throw new InvalidOperationException($"Deployment {deployment} is held already.");
            _hold = new LaneHold(this, table.Time, limit, _count);
            if (_count == 0) _hold.Drained.TrySetResult();
            return _hold;
        }
    }

    /// <param name="next">Null: the route that is there.</param>
    public SwitchCounts Release(LaneHold hold, Route? next)
    {
        List<(HeldCaller Caller, Entry Entry)> sent;
        SwitchCounts counts;
        lock (_lock)
        {
            if (_hold != hold) return hold.Counts();
            if (next is not null) _target = new RouteTarget(next);
            _hold = null;
            foreach (var caller in hold.Waiting) Waited_NeedsLock(hold, caller);
            sent = [.. hold.Waiting.Select(caller => (caller, Enter_NeedsLock()))];
            hold.Waiting.Clear();
            hold.Moved = sent.Count(one => one.Entry.Ticket is not null);
            hold.Refused += sent.Count - hold.Moved;
            counts = hold.Counts();
        }

        if (next is not null) table.Labelled(next, this);
        foreach (var (caller, entry) in sent) caller.Sent.TrySetResult(entry);
        return counts;
    }

    private Entry Enter_NeedsLock()
    {
        if (_target is not { } target) return new Entry(null, null, null);
        if (!target.HasEndpoint) return new Entry(null, target, "no replica of it is ready");
        var ticket = new Ticket(target, table.Time.GetTimestamp()) { Next = _first };
        if (_first is not null) _first.Previous = ticket;
        _first = ticket;
        _count++;
        return new Entry(ticket, target, null);
    }

    private void Waited_NeedsLock(LaneHold hold, HeldCaller caller)
    {
        var waited = table.Time.GetElapsedTime(caller.Since);
        if (waited > hold.LongestWait) hold.LongestWait = waited;
    }

    private async Task<Entry> AwaitAsync(LaneHold hold, HeldCaller held, CancellationToken cancellationToken)
    {
        try
        {
            return await held.Sent.Task.WaitAsync(hold.Limit, table.Time, cancellationToken);
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            var isGone = ended is OperationCanceledException;
            lock (_lock)
            {
                if (hold.Waiting.Remove(held))
                {
                    // Who hangs up while waiting was neither moved nor refused, and does not count as held.
                    if (isGone)
                    {
                        hold.Arrived--;
                        throw;
                    }

                    hold.Refused++;
                    Waited_NeedsLock(hold, held);
                    return new Entry(null, _target, "its revisions are being exchanged, and that takes too long");
                }
            }

            // Released in this very moment: the ticket is ours and must be used or given back.
            if (await AfterReleaseAsync(held) is { Ticket: { } ticket } entry)
            {
                if (!isGone) return entry;
                Leave(ticket);
            }

            throw;
        }
    }

    private static async Task<Entry> AfterReleaseAsync(HeldCaller held) => held.Sent.Task.IsCompleted ? await held.Sent.Task : default;
}
