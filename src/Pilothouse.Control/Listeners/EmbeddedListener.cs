using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>The listener inside <c>serve</c>: it serves every deployment that has none of its own.</summary>
public sealed class EmbeddedListener(IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    /// <summary>The same in every installation; configured as <c>Listener:ListenerId</c>.</summary>
    public static Guid Id { get; } = Guid.Parse("01990000-0000-7000-8000-00000000e3bd");

    /// <summary>Makes its row. Takes a number of the change feed, so that a cursor of a feed is never 0, which asks for everything.</summary>
    internal async Task RegisterAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(Id, cancellationToken);
        if (await db.Listeners.AnyAsync(row => row.Id == Id, cancellationToken)) return;

        var now = clock.GetUtcNow();
        db.Listeners.Add(new ListenerRow
        {
            Id = Id,
            ComputeType = "process",
            ComputeId = "embedded",
            ComputeConfig = "{}",
            CreatedAt = now,
            UpdatedAt = now,
        });
        await db.SaveChangesAsync(cancellationToken);
        await Counters.NextChangeAsync(db, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}

internal static class ServedDeployments
{
    /// <summary>The deployments that a listener may hear of, and report on.</summary>
    public static IQueryable<DeploymentRow> ServedBy(this IQueryable<DeploymentRow> rows, Guid listener) => listener == EmbeddedListener.Id
        ? rows.Where(row => row.ListenerId == null || row.ListenerId == listener)
        : rows.Where(row => row.ListenerId == listener);
}
