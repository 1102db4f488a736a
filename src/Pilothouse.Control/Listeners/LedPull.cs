using System.Data;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// A pull of a listener elsewhere, of which there may be many: while nothing is wanted anew it costs one read, and a place in the next renewal of leases.
/// </summary>
internal sealed class LedPull(OpenContexts contexts, ListenerWakes wakes, ListenerLeases leases, LeaseRenewals renewals, ReadWanted wanted, TimeProvider clock)
{
    internal const string ReadSql =
        """
        SELECT lease, lease_until, standby_at, (SELECT value FROM counters WHERE name = 'changes'),
          (SELECT MAX(changed_at) FROM deployments WHERE listener_id = @listener AND changed_at > @cursor)
        FROM listener_contacts WHERE listener_id = @listener
        """;

    private static readonly PreparedRead<State> s_read = new(
        ReadSql,
        [("@listener", DbType.Guid), ("@cursor", DbType.Int64)],
        (db, reader) => new State(
            new LeaseState(reader.GetInt64(0), reader.IsDBNull(1) ? null : db.TimeAt(reader, 1), reader.IsDBNull(2) ? null : db.TimeAt(reader, 2)),
            reader.IsDBNull(3) ? 0 : reader.GetInt64(3),
            HasNews: !reader.IsDBNull(4)));

    /// <exception cref="ListenerSupersededException">Another instance leads.</exception>
    public async Task<PullAnswer> RunAsync(PullRequest request, long lease, TimeSpan asked, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var changed = wakes.NextAsync(request.ListenerId);
        var state = await ReadAsync(request, lease, cancellationToken);

        // It comes again at once, and renews its lease then.
        if (IsNew(state, request) && leases.IsLasting(state.Lease)) return await AnswerAsync(request, cancellationToken);
        var wait = await HeldAsync(request.ListenerId, state.Lease, asked, cancellationToken);
        while (true)
        {
            if (IsNew(state, request)) return await AnswerAsync(request, cancellationToken);
            var left = wait - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || leases.IsTooLong(wait, state.Lease) || !await IsWokenAsync(changed, left, cancellationToken)) return Nothing(state);
            changed = wakes.NextAsync(request.ListenerId);
            state = await ReadAsync(request, lease, cancellationToken);
        }
    }

    private async Task<State> ReadAsync(PullRequest request, long lease, CancellationToken cancellationToken)
    {
        var found = await contexts.ReadAsync(s_read, [request.ListenerId, request.Cursor], cancellationToken);
        return found is [var state] && state.Lease.Number == lease ? state : throw Superseded(request.ListenerId);
    }

    /// <returns>How long the pull may wait.</returns>
    private async Task<TimeSpan> HeldAsync(Guid listener, LeaseState lease, TimeSpan asked, CancellationToken cancellationToken)
    {
        if (leases.Lasting(lease, asked) is { } lasting) return lasting;
        var (wait, renewal) = leases.Renewed(listener, lease, asked);
        return await renewals.WriteAsync(renewal, cancellationToken) ? wait : throw Superseded(listener);
    }

    private Task<PullAnswer> AnswerAsync(PullRequest request, CancellationToken cancellationToken) =>
        contexts.UseAsync(db => wanted.AnswerAsync(db, request, cancellationToken), cancellationToken);

    /// <summary>The feed holds the present state of each deployment; a position ahead of it comes from before the store was put back to an earlier copy.</summary>
    private static bool IsNew(State state, PullRequest request) => request.Cursor <= 0 || request.Cursor > state.LastChange || state.HasNews;

    private static PullAnswer Nothing(State state) => new(state.LastChange, IsFull: false, []);

    private static ListenerSupersededException Superseded(Guid listener) => new(ListenerLeases.SupersededText(listener));

    private async Task<bool> IsWokenAsync(Task changed, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(limit, clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <param name="LastChange">Of the whole store.</param>
    /// <param name="HasNews">Something changed for the listener after its position.</param>
    private sealed record State(LeaseState Lease, long LastChange, bool HasNews);
}
