using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Pilothouse.Control.Storage;

/// <summary>The message is one sentence for the operator, without a password.</summary>
public sealed class DatabaseUnavailableException(string message, Exception inner) : Exception(message, inner);

/// <summary>
/// Brings the store to the schema of this program; safe to repeat, also after a kill at any line. Never back: what a newer program brought stays, since
/// rows may be in it, and the program before it can live with it.
/// </summary>
public sealed class DatabaseMigrator(
    IDbContextFactory<PilothouseDb> databases, DataDirectory directory, TimeProvider clock, ILogger<DatabaseMigrator> logger)
{
    /// <summary>Names the lock under which one program at a time migrates a PostgreSQL database; any number that nobody else uses there.</summary>
    private const long AdvisoryLock = 0x50696C6F74; // "Pilot"

    /// <summary>Whoever wants a table waits behind a migration that waits for it: it gives up, lets them pass, and tries again, for two minutes in all.</summary>
    private const string LockLimit = "3s";

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private const int Attempts = 30;

    /// <summary>With SQLite the caller holds the data directory's lock: no other program migrates at the same time.</summary>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached, refuses this user, or a table was held too long.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken) => MigrateToAsync(null, cancellationToken);

    /// <param name="migration">Whose schema an empty store shall have; null: the newest. A store that is further than that stays as it is.</param>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached, refuses this user, or a table was held too long.</exception>
    public async Task MigrateToAsync(string? migration, CancellationToken cancellationToken)
    {
        directory.Ensure();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var last = migration ?? db.Database.GetMigrations().Last();
        if (db is SqliteDb) await ForwardAsync(db, last, cancellationToken);
        else await MigratePostgresAsync(db, last, cancellationToken);
    }

    private async Task MigratePostgresAsync(PilothouseDb db, string last, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await MigrateLockedAsync(db, last, cancellationToken);
                return;
            }
            catch (PostgresException held) when (held.SqlState is PostgresErrorCodes.LockNotAvailable && attempt < Attempts)
            {
                await Task.Delay(s_pause, clock, cancellationToken);
            }
            catch (NpgsqlException failed)
            {
                var connection = db.Database.GetDbConnection();
                throw new DatabaseUnavailableException(
                    $"The database '{connection.Database}' at {connection.DataSource} cannot be used: {(failed as PostgresException)?.MessageText ?? failed.Message}.",
                    failed);
            }
        }
    }

    /// <summary>The lock and the limit go with the connection when that is closed, however this ends.</summary>
    private async Task MigrateLockedAsync(PilothouseDb db, string last, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await db.Database.ExecuteSqlAsync($"SELECT set_config('lock_timeout', {LockLimit}, false)", cancellationToken);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({AdvisoryLock})", cancellationToken);
            await ForwardAsync(db, last, cancellationToken);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>EF's way to a migration takes back those that are beyond it, rows and all, so that way is only for a store that has none of them.</summary>
    private async Task ForwardAsync(PilothouseDb db, string last, CancellationToken cancellationToken)
    {
        var known = db.Database.GetMigrations().ToList();
        var wanted = known.Take(known.IndexOf(last) + 1).ToHashSet(StringComparer.Ordinal);
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        if (!wanted.IsSubsetOf(applied) && !known.Skip(wanted.Count).Intersect(applied, StringComparer.Ordinal).Any())
        {
            // EF's lock on SQLite is a row that a killed migration leaves behind, and then waits for without end.
            if (db is SqliteDb) await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
            await db.Database.MigrateAsync(last, cancellationToken);
        }

        if (applied.Except(known, StringComparer.Ordinal).LastOrDefault() is { } unknown) logger.SchemaIsNewer(unknown);
    }
}
