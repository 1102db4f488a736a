using Npgsql;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>
/// PostgreSQL lets one transaction at a time commit that carries a notification, in all its databases. Here one is at it and does not end, since it
/// waits for a standby that is not there: every other that carries one stands behind it, and those that carry none pass.
/// </summary>
/// <remarks>Sessions whose commits shall pass need <c>synchronous_commit = local</c>.</remarks>
internal sealed class HeldCommits : IAsyncDisposable
{
    private const string StandbyNames = "synchronous_standby_names";

    private readonly PostgresServer _server;
    private readonly NpgsqlDataSource _source;
    private readonly Task<int> _held;
    private bool _isReleased;

    private HeldCommits(PostgresServer server, NpgsqlDataSource source, Task<int> held) => (_server, _source, _held) = (server, source, held);

    public static async Task<HeldCommits> TakeAsync(PostgresServer server, EmptyDatabase database)
    {
        await server.SetAsync(StandbyNames, "nobody");
        var source = NpgsqlDataSource.Create($"{database.ConnectionString};Pooling=false;Command Timeout=0");

        // Only who has written something waits for a standby.
        var held = new HeldCommits(server, source, source.CreateCommand("SET synchronous_commit = on; INSERT INTO counters (name, value) VALUES ('held', 1); NOTIFY of_nobody")
            .ExecuteNonQueryAsync(ControlHost.Cancel));
        await Eventually.ReadAsync(() => held.CountAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"), waiting => waiting == 1);
        return held;
    }

    /// <summary>Transactions that stand behind it.</summary>
    public Task<long> WaitingAsync() => CountAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'object' AND classid = 'pg_database'::regclass AND objid = 0");

    public async Task ReleaseAsync()
    {
        if (_isReleased) return;
        _isReleased = true;
        await _server.SetAsync(StandbyNames, null);
        await _held;
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        await _source.DisposeAsync();
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(ControlHost.Cancel))!;
    }
}
