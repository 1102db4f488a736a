using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>Brings the store to the schema of this program; safe to repeat, also after a kill at any line.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<PilothouseDb> databases, DataDirectory directory)
{
    /// <summary>The caller holds the data directory's lock: no other program migrates at the same time.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        directory.Ensure();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var pending = await db.Database.GetPendingMigrationsAsync(cancellationToken);
        if (!pending.Any()) return;

        // EF's lock on SQLite is a row that a killed migration leaves behind, and then waits for without end.
        if (db is SqliteDb) await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }
}
