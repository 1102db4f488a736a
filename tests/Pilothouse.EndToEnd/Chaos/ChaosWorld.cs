using System.Net;
using System.Security.Cryptography;
using Npgsql;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing.Postgres;
using Xunit;

namespace Pilothouse.EndToEnd.Chaos;

/// <summary>Three real control planes on a PostgreSQL of their own, with a proxy between, and triggers there that note what was written, and by whom.</summary>
internal sealed class ChaosWorld : IAsyncDisposable
{
    public const string Key = "lsv2_sk_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    private const string Database = "chaos";

    private const string Triggers =
        """
        CREATE TABLE seen (number bigserial, deployment uuid, revision uuid, from_status text, to_status text, writer text, holder text);
        CREATE TABLE lease_holder (writer text);
        INSERT INTO lease_holder SELECT 'replica-0' FROM leases;
        CREATE FUNCTION note_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF TG_OP = 'INSERT' OR NEW.fence <> OLD.fence THEN DELETE FROM lease_holder; INSERT INTO lease_holder VALUES (current_setting('application_name')); END IF;
          RETURN NEW; END $$;
        CREATE TRIGGER note_lease AFTER INSERT OR UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION note_lease();
        CREATE FUNCTION note_revision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF TG_OP = 'INSERT' OR NEW.status <> OLD.status THEN
            INSERT INTO seen (deployment, revision, from_status, to_status, writer, holder) VALUES (NEW.deployment_id, NEW.id,
              CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END, NEW.status, current_setting('application_name'),
              CASE WHEN (SELECT listener_id FROM deployments WHERE id = NEW.deployment_id) IS NULL THEN coalesce((SELECT writer FROM lease_holder), '') ELSE current_setting('application_name') END);
          END IF; RETURN NEW; END $$;
        CREATE TRIGGER note_revision AFTER INSERT OR UPDATE ON revisions FOR EACH ROW EXECUTE FUNCTION note_revision();
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-chaos-").FullName;
    private readonly List<RunningServer> _servers = [];
    private Line? _line;

    private ChaosWorld(PostgresServer postgres) => (Postgres, Proxy) = (postgres, new CutProxy(postgres.Port));

    public PostgresServer Postgres { get; }

    public CutProxy Proxy { get; }

    public IReadOnlyList<RunningServer> Servers => _servers;

    /// <summary>On a machine of its own, as it were, and reaching whichever control plane takes its call.</summary>
    public RunningListener Listener { get; private set; } = null!;

    public static async Task<ChaosWorld> StartAsync(int servers, TimeSpan lease)
    {
        var world = new ChaosWorld(await PostgresServer.StartAsync());
        await world.Postgres.CreateDatabaseAsync(Database);
        var masterKey = Path.Combine(world._root, "master-key");
        await File.WriteAllTextAsync(masterKey, $"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}\n");
        for (var at = 0; at < servers; at++)
        {
            var settings = new Dictionary<string, string>
            {
                ["Storage:Database"] = $"Host=127.0.0.1;Port={world.Proxy.Port};Username=pilothouse;Database={Database};Application Name=replica-{at}",
                ["Storage:SharedDirectory"] = Path.Combine(world._root, "shared"),
                ["Secrets:MasterKey"] = $"file:{masterKey}",
                ["Peers:Lease"] = $"{lease}",
                ["Reconciling:BuildLease"] = $"{lease * 2}",
                ["Reconciling:Resync"] = "00:00:05",
                ["BOOTSTRAP_KEY"] = Key,
            };
            world._servers.Add(await RunningServer.StartAsync(settings, Path.Combine(world._root, $"{at}"), program: Environment.GetEnvironmentVariable("PILOTHOUSE_CHAOS_SERVER")));
            if (at == 0) await world.ExecuteAsync(Triggers);
        }

        world._line = new Line(IPAddress.Loopback, [.. world._servers.Select(server => server.Address.Port)]);
        world.Listener = await RunningListener.StartAsync($"http://127.0.0.1:{world._line.Port}", Key, computeId: "chaos");
        return world;
    }

    public async Task<IReadOnlyList<Entered>> SeenAsync() => await ReadAsync(
        "SELECT number, deployment, revision, from_status, to_status, writer, holder FROM seen ORDER BY number",
        row => new Entered(row.GetInt64(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6)));

    public async Task<Remains> RemainsAsync() => new(
        (await ReadAsync("SELECT id FROM deployments", row => row.GetGuid(0))).ToHashSet(),
        (await ReadAsync("SELECT id, status FROM revisions", row => (row.GetGuid(0), row.GetString(1)))).ToDictionary(row => row.Item1, row => row.Item2),
        await ReadAsync("SELECT id FROM deployments WHERE active_revision_id IS NOT NULL", row => row.GetGuid(0)),
        [.. _servers.Select(server => server.DataDirectory).Append(Listener.DataDirectory).SelectMany(Processes.ReplicasOf).Distinct(StringComparer.Ordinal).Select(DeploymentOf)],
        await ReadAsync(
            "SELECT (data::jsonb->>'refused')::int, (data::jsonb->>'cut')::int FROM events WHERE kind = 'switched'", row => (row.GetInt32(0), row.GetInt32(1))));

    public async Task<int> UnfinishedAsync() => (await ReadAsync(
        """
        SELECT (SELECT count(*)::int FROM revisions WHERE status IN ('Creating', 'Queued', 'AwaitingBuild', 'Building', 'AwaitingDeploy', 'Deploying'))
          + (SELECT count(*)::int FROM deployments WHERE status = 'AwaitingDelete')
        """, row => row.GetInt32(0))).Single();

    public async ValueTask DisposeAsync()
    {
        if (Listener is not null) await Listener.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
        _line?.Dispose();
        Proxy.Dispose();
        if (TestContext.Current.TestState?.Result != TestResult.Failed) Directory.Delete(_root, recursive: true);
    }

    /// <summary>Named <c>{data}/…/{deployment}-{number}-{ordinal}</c>, where the deployment has no dashes.</summary>
    private static Guid DeploymentOf(string replica) => Guid.ParseExact(Path.GetFileName(replica).Split('-')[0], "N");

    private async Task<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> row)
    {
        await using var connection = new NpgsqlConnection($"{Postgres.ConnectionString(Database)};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(row(reader));
        return rows;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{Postgres.ConnectionString(Database)};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
