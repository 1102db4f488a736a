using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// Which instance of a listener leads. A lease lasts as long as the pull that renewed it may wait, and a little; each new leader has a higher number,
/// and what is said under an earlier one is refused. Where nobody else asks to lead, pulls wait long; where somebody does, its turn comes within seconds.
/// </summary>
internal sealed class ListenerLeases(TimeProvider clock)
{
    /// <summary>Beyond the wait of a pull: for its way, and for the next one's.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(5);

    /// <summary>The wait of pulls while another instance stands by: with the slack, and the pause of whoever asks, far within 15 s.</summary>
    private const int WaitWithStandby = 4;

    /// <summary>A standby asks each two seconds.</summary>
    private static readonly TimeSpan s_standbyIsGone = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_standbyNoted = TimeSpan.FromSeconds(10);

    public const int RetrySeconds = 2;

    /// <returns>Number of the lease; null while another instance leads.</returns>
    public async Task<long?> TakeAsync(PilothouseDb db, Guid listener, Guid instance, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(listener, cancellationToken);
        var now = clock.GetUtcNow();
        var row = await db.ListenerContacts.SingleOrDefaultAsync(one => one.ListenerId == listener, cancellationToken);
        if (row is not null && row.InstanceId is { } leader && leader != instance && row.LeaseUntil > now)
        {
            if (row.StandbyAt > now - s_standbyNoted) return null;
            row.StandbyAt = now;
        }
        else
        {
            if (row is null) db.ListenerContacts.Add(row = new ListenerContactRow { ListenerId = listener });
            (row.At, row.InstanceId, row.LeaseUntil) = (now, instance, now + TimeSpan.FromSeconds(WaitWithStandby) + s_slack);
            row.Lease++;
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return row.InstanceId == instance ? row.Lease : null;
    }

    /// <summary>A lease that was renewed a moment ago lasts for another pull: listeners that hear much do not write each time.</summary>
    /// <returns>How long that pull may wait; null: it is to be renewed.</returns>
    public TimeSpan? Lasting(LeaseState lease, TimeSpan asked)
    {
        var left = Left(lease);
        if (HasStandby(lease) || left < asked / 2) return null;
        return left < asked ? left : asked;
    }

    /// <summary>For an answer without a wait, and for the way of the pull that follows.</summary>
    public bool IsLasting(LeaseState lease) => Left(lease) > TimeSpan.Zero;

    /// <returns>How long the pull may wait once that is written.</returns>
    public (TimeSpan Wait, LeaseRenewal Renewal) Renewed(Guid listener, LeaseState lease, TimeSpan asked)
    {
        var now = clock.GetUtcNow();
        var wait = IsTooLong(asked, lease) ? TimeSpan.FromSeconds(WaitWithStandby) : asked;
        return (wait, new LeaseRenewal(listener, lease.Number, now + wait + s_slack, now));
    }

    /// <summary>Whether a pull waits longer than it may while another instance stands by.</summary>
    public bool IsTooLong(TimeSpan wait, LeaseState lease) => wait.TotalSeconds > WaitWithStandby && HasStandby(lease);

    /// <summary>The instance ends in good order: whoever stands by need not wait for the lease's end.</summary>
    public async Task ResignAsync(PilothouseDb db, Guid listener, long lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await db.ListenerContacts.Where(row => row.ListenerId == listener && row.Lease == lease)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.LeaseUntil, now), cancellationToken);
    }

    /// <summary>Whether that lease is the newest; if so, no other is taken before the caller's transaction ends.</summary>
    public static async Task<bool> HoldsAsync(PilothouseDb db, Guid listener, long? lease, CancellationToken cancellationToken)
    {
        var stored = db is SqliteDb
            ? await db.ListenerContacts.Where(row => row.ListenerId == listener).Select(row => row.Lease).ToListAsync(cancellationToken)
            : await db.Database.SqlQuery<long>($"SELECT lease AS \"Value\" FROM listener_contacts WHERE listener_id = {listener} FOR SHARE").ToListAsync(cancellationToken);
        return stored.Count == 1 && stored[0] == lease;
    }

    public static string SupersededText(Guid listener) => $"Another instance of listener ID {listener} leads by now: stop what this one runs, and ask to lead again.";

    /// <summary>How long a pull under it may wait.</summary>
    private TimeSpan Left(LeaseState lease) => (lease.Until - clock.GetUtcNow() ?? TimeSpan.Zero) - s_slack;

    private bool HasStandby(LeaseState lease) => lease.StandbyAt > clock.GetUtcNow() - s_standbyIsGone;
}

/// <param name="StandbyAt">When another instance last asked to lead.</param>
internal sealed record LeaseState(long Number, DateTimeOffset? Until, DateTimeOffset? StandbyAt);
