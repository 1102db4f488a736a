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

    /// <summary>For another pull.</summary>
    /// <returns>How long it may wait; null when the lease is another instance's by now.</returns>
    public async Task<TimeSpan?> RenewAsync(PilothouseDb db, Guid listener, long lease, TimeSpan wanted, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var standbyAt = await db.ListenerContacts.Where(row => row.ListenerId == listener && row.Lease == lease)
            .Select(row => new { row.StandbyAt }).SingleOrDefaultAsync(cancellationToken);
        if (standbyAt is null) return null;
        var wait = standbyAt.StandbyAt > now - s_standbyIsGone && wanted.TotalSeconds > WaitWithStandby ? TimeSpan.FromSeconds(WaitWithStandby) : wanted;
        var renewed = await db.ListenerContacts.Where(row => row.ListenerId == listener && row.Lease == lease).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.LeaseUntil, now + wait + s_slack).SetProperty(row => row.At, now), cancellationToken);
        return renewed == 1 ? wait : null;
    }

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
}
