using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Npgsql.Replication;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Pilothouse.Testing.Postgres;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>A PostgreSQL whose settings a class may change.</summary>
public sealed class DurableServer : IAsyncLifetime
{
    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync(isDurable: true);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What a control plane says at its start of a real PostgreSQL with such settings, which are the server's, the database's or the connection's.</summary>
public sealed class DurabilityWarningTests(DurableServer durable) : IClassFixture<DurableServer>
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    public static TheoryData<string, bool, string> Settings => new()
    {
        { "", false, "" },
        { "fsync=off", false, "fsync is off" },
        { "full_page_writes=off", false, "full_page_writes is off" },
        { "synchronous_commit=off", false, "synchronous_commit is off" },
        { "fsync=off synchronous_commit=off", false, "fsync is off; synchronous_commit is off" },
        { "synchronous_commit=local", false, "" },
        { "synchronous_commit=local", true, "it has standbys, and none is synchronous" },
        { "", true, "it has standbys, and none is synchronous" },
        { "synchronous_standby_names=*", true, "" },
        { "synchronous_standby_names=* synchronous_commit=remote_apply", true, "" },
        { "synchronous_standby_names=* synchronous_commit=local", true, "it has standbys, and none is synchronous" },
        { "synchronous_standby_names=* synchronous_commit=off", true, "synchronous_commit is off" },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Start_says_what_may_be_lost_and_nothing_else(string settings, bool hasStandby, string faults)
    {
        await using var standby = hasStandby ? await Standby.FollowAsync(durable.Server.ConnectionString("postgres")) : null;
        var changed = settings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(setting => setting.Split('=')).ToList();
        foreach (var setting in changed) await durable.Server.SetAsync(setting[0], setting[1]);

        IReadOnlyList<KeptLine> said;
        try
        {
            await using var database = await EmptyDatabase.CreateAsync(durable.Server);
            said = await StartAsync(database);
        }
        finally
        {
            foreach (var setting in changed) await durable.Server.SetAsync(setting[0], null);
        }

        AssertSaid(faults, said);
    }

    [Theory]
    [InlineData("ALTER DATABASE {0} SET synchronous_commit = off")]
    [InlineData("ALTER ROLE pilothouse IN DATABASE {0} SET synchronous_commit = off")]
    public async Task Setting_of_the_database_or_the_role_counts_as_one_of_the_server(string sets)
    {
        await using var database = await EmptyDatabase.CreateAsync(durable.Server);
        await using (var source = NpgsqlDataSource.Create($"{database.ConnectionString};Pooling=false"))
        await using (var command = source.CreateCommand(sets.Replace("{0}", new NpgsqlConnectionStringBuilder(database.ConnectionString).Database, StringComparison.Ordinal)))
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        AssertSaid("synchronous_commit is off", await StartAsync(database));
    }

    private static async Task<IReadOnlyList<KeptLine>> StartAsync(EmptyDatabase database)
    {
        var log = new KeptLog();
        await using (await database.StartAsync(services: services => services.AddSingleton<ILoggerProvider>(log))) return log.Of("WritesMayBeLost");
    }

    /// <param name="faults">The beginning of each, in their order; empty: nothing is said.</param>
    private static void AssertSaid(string faults, IReadOnlyList<KeptLine> said)
    {
        if (faults.Length == 0)
        {
            Assert.Empty(said);
            return;
        }

        var line = Assert.Single(said);
        Assert.Equal(LogLevel.Warning, line.Level);
        var named = line.Text.Split("by the settings of its database: ")[1].Split(". See docs/operations.md")[0].Split("; ");
        Assert.Equal(faults, string.Join("; ", named.Select(fault => fault.Split(':', '(')[0].Trim())));
    }

    /// <summary>Takes what the server writes, and says that it has it, as a standby does.</summary>
    private sealed class Standby : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private readonly string _server;
        private readonly PhysicalReplicationConnection _connection;
        private readonly Task _following;

        private Standby(string server, PhysicalReplicationConnection connection, ReplicationSystemIdentification system)
        {
            (_server, _connection) = (server, connection);
            _following = FollowAsync(system, _ended.Token);
        }

        public static async Task<Standby> FollowAsync(string server)
        {
            var connection = new PhysicalReplicationConnection(server);
            await connection.Open(Cancel);
            return new Standby(server, connection, await connection.IdentifySystem(Cancel));
        }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _connection.DisposeAsync();
            _ended.Dispose();

            // The next test asks who follows.
            await using var source = NpgsqlDataSource.Create($"{_server};Pooling=false");
            await Eventually.ReadAsync(
                async () =>
                {
                    await using var command = source.CreateCommand("SELECT count(*) FROM pg_stat_replication");
                    return (long)(await command.ExecuteScalarAsync(Cancel))!;
                },
                followers => followers == 0);
        }

        private async Task FollowAsync(ReplicationSystemIdentification system, CancellationToken cancellationToken)
        {
            await foreach (var message in _connection.StartReplication(system.XLogPos, cancellationToken, system.Timeline))
            {
                _connection.SetReplicationStatus(message.WalEnd);
                await _connection.SendStatusUpdate(cancellationToken);
            }
        }
    }
}
