using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Testing;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>Two control planes on one PostgreSQL, of which the second hears the first.</summary>
internal sealed record PeerPair(EmptyDatabase Database, ControlHost First, ControlHost Second, string KeyFile) : IAsyncDisposable
{
    /// <summary>The first one's.</summary>
    public NpgsqlDataSource Source => First.Services.GetRequiredService<NpgsqlDataSource>();

    /// <param name="clock">Of the second one.</param>
    /// <param name="on">Null: the server that the tests share.</param>
    /// <param name="set">Said of the database before they start, e.g. <c>SET synchronous_commit = local</c>.</param>
    /// <param name="more">Of their connections, e.g. <c>;Timeout=300</c>.</param>
    public static async Task<PeerPair> StartAsync(TimeProvider? clock = null, PostgresServer? on = null, string? set = null, string more = "")
    {
        var database = await EmptyDatabase.CreateAsync(on, more);
        if (set is not null) await AlterAsync(database, set);
        var key = Path.Combine(Directory.CreateTempSubdirectory("pilothouse-key-").FullName, "master-key");
        await File.WriteAllTextAsync(key, $"1:{Convert.ToBase64String(new byte[32])}\n", ControlHost.Cancel);
        var first = await database.StartAsync($"file:{key}");
        var second = await database.StartAsync($"file:{key}", services => services.AddSingleton(clock ?? TimeProvider.System));
        var pair = new PeerPair(database, first, second, key);
        await Eventually.ReadAsync(pair.ListenersAsync, listeners => listeners.Length == 2);

        // Who begins to listen takes it that anything may have changed: only what is heard behind that is news.
        var heard = new HeardChanges(second);
        var hello = DeploymentId.New();
        first.Services.GetRequiredService<ControlSignals>().RevisionChanged(hello);
        await heard.UntilAsync(hello);
        return pair;
    }

    /// <returns>Processes of the database that listen for either of them; each has begun.</returns>
    public async Task<int[]> ListenersAsync()
    {
        await using var command = Source.CreateCommand(
            "SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle' AND pid <> pg_backend_pid()");
        return (int[])(await command.ExecuteScalarAsync(ControlHost.Cancel))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Second.DisposeAsync();
        await First.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(KeyFile)!, recursive: true);
    }

    private static async Task AlterAsync(EmptyDatabase database, string set)
    {
        await using var source = NpgsqlDataSource.Create($"{database.ConnectionString};Pooling=false");
        await using var command = source.CreateCommand($"ALTER DATABASE {new NpgsqlConnectionStringBuilder(database.ConnectionString).Database} {set}");
        await command.ExecuteNonQueryAsync(ControlHost.Cancel);
    }
}

/// <summary>Which deployments one control plane heard of, from itself or another.</summary>
internal sealed class HeardChanges
{
    private readonly ConcurrentDictionary<DeploymentId, byte> _heard = new();

    public HeardChanges(ControlHost at)
    {
        Signals = at.Services.GetRequiredService<ControlSignals>();
        Signals.Changed += deployment => _heard.TryAdd(deployment, 0);
    }

    public ControlSignals Signals { get; }

    public bool Has(DeploymentId deployment) => _heard.ContainsKey(deployment);

    public Task UntilAsync(params IReadOnlyCollection<DeploymentId> deployments) =>
        Eventually.ReadAsync(() => deployments.Count(deployment => !Has(deployment)), unheard => unheard == 0);
}
