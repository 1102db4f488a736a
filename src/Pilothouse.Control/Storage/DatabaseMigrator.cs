using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>Brings the store to the schema of this program; safe to repeat, also after a kill at any line.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<PilothouseDb> databases, DataDirectory directory)
{
    /// <summary>The caller holds the data directory's lock: no other program migrates at the same time.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => MigrateToAsync(null, cancellationToken);

    /// <param name="migration">Whose schema an empty store shall have; null: the newest.</param>
    public async Task MigrateToAsync(string? migration, CancellationToken cancellationToken)
    {
        directory.Ensure();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var last = migration ?? db.Database.GetMigrations().Last();
        var applied = await db.Database.GetAppliedMigrationsAsync(cancellationToken);
        if (last.Equals(applied.LastOrDefault(), StringComparison.Ordinal)) return;

        // EF's lock on SQLite is a row that a killed migration leaves behind, and then waits for without end.
        if (db is SqliteDb) await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await db.Database.MigrateAsync(last, cancellationToken);
    }
}
