using System.Data;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <param name="Until">The end of the lease that is renewed.</param>
internal sealed record LeaseRenewal(Guid Listener, long Lease, DateTimeOffset Until, DateTimeOffset At);

/// <summary>
/// Writes the leases that pulls renew, all that wait in one transaction: each of a thousand listeners renews its own again and again, and a commit
/// costs the same for one as for many.
/// </summary>
internal sealed class LeaseRenewals(OpenContexts contexts) : BackgroundService
{
    private const int MostAtOnce = 500;

    private static readonly PreparedWrite s_renew = new(
        "UPDATE listener_contacts SET lease_until = @until, at = @at WHERE listener_id = @listener AND lease = @lease",
        [("@until", DbType.DateTimeOffset), ("@at", DbType.DateTimeOffset), ("@listener", DbType.Guid), ("@lease", DbType.Int64)]);

    private readonly Channel<Asked> _asked = Channel.CreateUnbounded<Asked>(new UnboundedChannelOptions { SingleReader = true });

    /// <returns>Once it is on disk; false when the lease is another instance's by now.</returns>
    public async Task<bool> WriteAsync(LeaseRenewal renewal, CancellationToken cancellationToken)
    {
        var asked = new Asked(renewal, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        await _asked.Writer.WriteAsync(asked, cancellationToken);
        return await asked.Done.Task.WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _asked.Reader.WaitToReadAsync(stoppingToken)) await WriteAllAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        var all = new List<Asked>();
        try
        {
            var held = await contexts.UseAsync(db => WriteAllAsync(db, all, cancellationToken), cancellationToken);
            for (var at = 0; at < all.Count; at++) all[at].Done.TrySetResult(held[at]);
        }
        catch (Exception failure) when (failure is OperationCanceledException or TimeoutException || StoreTrouble.Sentence(failure) is not null)
        {
            // Whoever asked hears of it, and asks again.
            while (all.Count < MostAtOnce && _asked.Reader.TryRead(out var one)) all.Add(one);
            foreach (var one in all) one.Done.TrySetException(failure);
        }
    }

    /// <param name="all">Gets those that have come by the time when it is this transaction's turn.</param>
    private async Task<bool[]> WriteAllAsync(PilothouseDb db, List<Asked> all, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        while (all.Count < MostAtOnce && _asked.Reader.TryRead(out var one)) all.Add(one);

        // Two control planes on one store lock the rows in the same order.
        all.Sort((one, other) => one.Renewal.Listener.CompareTo(other.Renewal.Listener));
        var held = new bool[all.Count];
        for (var at = 0; at < all.Count; at++)
        {
            var (listener, lease, until, now) = all[at].Renewal;
            held[at] = await db.Prepared.WriteAsync(s_renew, [until, now, listener, lease], cancellationToken) == 1;
        }

        await transaction.CommitAsync(cancellationToken);
        return held;
    }

    private sealed record Asked(LeaseRenewal Renewal, TaskCompletionSource<bool> Done);
}
