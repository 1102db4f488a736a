using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>
/// Who reads, decides and writes in one transaction has SQLite to himself. On PostgreSQL others do the same at that moment and neither sees the other's
/// rows; so whatever is decided about one thing (a deployment, a workspace, an organization) is decided by one at a time.
/// </summary>
internal static class WriteOrder
{
    /// <summary>
    /// Until the caller's transaction ends, nobody else passes here with that id. Called first in the transaction: what is read after it is what the
    /// one before committed. A transaction takes one, or several in the order of their ids, and before <see cref="Counters.NextChangeAsync"/>.
    /// </summary>
    public static async Task HoldAsync(this PilothouseDb db, Guid id, CancellationToken cancellationToken)
    {
        if (db is SqliteDb) return;
        if (db.Database.CurrentTransaction is null) throw new InvalidOperationException("HoldAsync outside a transaction holds nothing.");
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(id.ToByteArray(), 8)})", cancellationToken);
    }
}
