using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>
/// A mark in the store from before the first byte of a restore until the transaction that brings all rows: who starts meanwhile would serve an empty
/// store in the place of the one that its operator expects.
/// </summary>
internal sealed class UnfinishedRestore(IDbContextFactory<PilothouseDb> databases)
{
    /// <summary>A row of the counters, a table that every version has.</summary>
    public const string Mark = "restoring";

    /// <exception cref="BackupRefusedException">A restore was begun and did not end.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await CheckAsync(db, cancellationToken);
    }

    /// <exception cref="BackupRefusedException">A restore was begun and did not end.</exception>
    public static async Task CheckAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        if (await db.Counters.AnyAsync(row => row.Name == Mark, cancellationToken))
            throw new BackupRefusedException("A restore into this store was begun and has not ended: run it again, and then serve.");
    }

    public static Task SetAsync(PilothouseDb db, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"INSERT INTO counters (name, value) VALUES ({Mark}, 1) ON CONFLICT (name) DO NOTHING", cancellationToken);

    public static Task ClearAsync(PilothouseDb db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"DELETE FROM counters WHERE name = {Mark}", cancellationToken);
}
