using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Storage;

/// <param name="Fsync"><c>on</c> or <c>off</c>, as PostgreSQL says it; the next ones too.</param>
/// <param name="SynchronousCommit"><c>on</c>, <c>remote_apply</c>, <c>remote_write</c>, <c>local</c> or <c>off</c>, for our sessions.</param>
/// <param name="SynchronousStandbyNames">Empty: no standby has to have a write before it is acknowledged.</param>
/// <param name="Standbys">Connected now.</param>
internal sealed record DurabilitySettings(string Fsync, string FullPageWrites, string SynchronousCommit, string SynchronousStandbyNames, int Standbys)
{
    private bool HasSynchronousStandby => SynchronousStandbyNames.Length > 0 && SynchronousCommit is "on" or "remote_apply" or "remote_write";

    /// <summary>What each setting may cost that loses writes which we have acknowledged; https://www.postgresql.org/docs/current/runtime-config-wal.html.</summary>
    public IEnumerable<string> Faults()
    {
        if (Fsync is "off") yield return "fsync is off: when its machine crashes, the database may be lost as a whole";
        if (FullPageWrites is "off") yield return "full_page_writes is off: a power cut may leave pages that are half written";
        if (SynchronousCommit is "off") yield return "synchronous_commit is off: what was acknowledged just before a crash is lost";
        else if (Standbys > 0 && !HasSynchronousStandby)
            yield return "it has standbys, and none is synchronous (synchronous_standby_names, synchronous_commit): a failover may lose what was acknowledged just before";
    }
}

/// <summary>Says at start which settings of the database break what we promise: acknowledged means stored.</summary>
internal sealed class PostgresDurability(IDbContextFactory<PilothouseDb> databases, ILogger<PostgresDurability> logger)
{
    public async Task WarnAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (db is not PostgresDb) return;
        string[] faults = [.. (await ReadAsync(db, cancellationToken)).Faults()];
        if (faults.Length > 0) logger.WritesMayBeLost(string.Join("; ", faults));
    }

    public static Task<DurabilitySettings> ReadAsync(PilothouseDb db, CancellationToken cancellationToken) => db.Database
        .SqlQuery<DurabilitySettings>(
            $"""
            SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
                   current_setting('synchronous_commit') AS synchronous_commit, current_setting('synchronous_standby_names') AS synchronous_standby_names,
                   (SELECT count(*)::int FROM pg_stat_replication) AS standbys
            """)
        .SingleAsync(cancellationToken);
}
