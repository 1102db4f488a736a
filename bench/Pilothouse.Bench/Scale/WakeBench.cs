using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Pilothouse.Bench.Apis;
using Pilothouse.Bench.Deploying;

namespace Pilothouse.Bench.Scale;

/// <summary>From the moment when a PATCH is sent until the revision that it makes has had its first step of the loop, as its event says.</summary>
internal static class WakeBench
{
    private const int Patches = 400;
    private const string FirstStep = "ready_to_deploy";

    private static readonly TimeSpan s_apart = TimeSpan.FromMilliseconds(40);

    /// <param name="name">Of the servers, for people.</param>
    public static async Task MeasureAsync(string name, IReadOnlyList<OurServer> servers, IReadOnlyList<Guid> deployments)
    {
        using var client = new HttpClient { DefaultRequestHeaders = { { "X-Api-Key", servers[0].Key } } };
        await PatchAsync(client, servers, deployments, "warm");
        var made = await PatchAsync(client, servers, deployments, "measured");
        var took = new List<double>(made.Count);
        foreach (var (sent, deployment, revision) in made) took.Add((await StepAsync(client, servers[0], deployment, revision) - sent).TotalMilliseconds);
        took.Sort();
        Console.WriteLine($"PATCH to the first step, {name}: median {took[took.Count / 2]:0.0} ms, p99 {took[(int)(took.Count * 0.99)]:0.0} ms (aim < 100; {took.Count} revisions, 25 a second)");
    }

    /// <summary>Several control planes on one PostgreSQL with so many deployments.</summary>
    public static async Task OnPostgresAsync(int count, int deployments, int revisionsEach)
    {
        await using var store = await PostgresStore.CreateAsync($"wake{count}");
        var servers = new List<OurServer>();
        try
        {
            for (var at = 0; at < count; at++) servers.Add(await OurServer.StartAsync(variables: store.Variables, key: PostgresStore.Key));
            var template = await ScaleBench.TemplateAsync(servers[0]);
            await MeasureAsync($"{count} on PostgreSQL with {deployments} deployments", servers, await FillAsync(store.ConnectionString, template, deployments, revisionsEach));
        }
        finally
        {
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<Guid>> FillAsync(string database, Guid template, int deployments, int revisionsEach)
    {
        await using var source = NpgsqlDataSource.Create(database);
        string[] statements =
        [
            $"INSERT INTO deployments (id, name, created_at, {SeededDatabase.Columns}) SELECT gen_random_uuid(), 'seeded-' || n, created_at, {SeededDatabase.Columns} FROM deployments, generate_series(1, {deployments - 1}) n WHERE id = @template",
            $"INSERT INTO revisions (id, deployment_id, number, {SeededDatabase.RevisionColumns}) SELECT gen_random_uuid(), d.id, n, {SeededDatabase.RevisionColumns.Replace("workspace_id", "r.workspace_id", StringComparison.Ordinal)} FROM (SELECT {SeededDatabase.RevisionColumns} FROM revisions WHERE deployment_id = @template AND number = 1) r, (SELECT id FROM deployments) d, generate_series(1, {revisionsEach}) n WHERE NOT (d.id = @template AND n = 1)",
            $"UPDATE deployments SET latest_revision_id = r.id, next_revision_number = {revisionsEach + 1} FROM revisions r WHERE r.deployment_id = deployments.id AND r.number = {revisionsEach}",
            "ANALYZE",
        ];
        foreach (var statement in statements)
        {
            await using var command = source.CreateCommand(statement);
            command.CommandTimeout = 120;
            if (statement.Contains("@template", StringComparison.Ordinal)) command.Parameters.AddWithValue("template", template);
            await command.ExecuteNonQueryAsync();
        }

        await using var list = source.CreateCommand($"SELECT id FROM deployments ORDER BY id LIMIT {Patches}");
        await using var reader = await list.ExecuteReaderAsync();
        var ids = new List<Guid>();
        while (await reader.ReadAsync()) ids.Add(reader.GetGuid(0));
        return ids;
    }

    private static async Task<IReadOnlyList<(DateTimeOffset Sent, Guid Deployment, Guid Revision)>> PatchAsync(
        HttpClient client, IReadOnlyList<OurServer> servers, IReadOnlyList<Guid> deployments, string tag)
    {
        var made = new List<Task<(DateTimeOffset, Guid, Guid)>>();
        for (var number = 0; number < Patches; number++)
        {
            made.Add(OneAsync(servers[number % servers.Count], deployments[number % deployments.Count]));
            await Task.Delay(s_apart, TimeProvider.System);
        }

        return await Task.WhenAll(made);

        async Task<(DateTimeOffset, Guid, Guid)> OneAsync(OurServer server, Guid deployment)
        {
            var sent = TimeProvider.System.GetUtcNow();
            using var answer = await client.PatchAsJsonAsync(
                new Uri(server.Address, $"/v2/deployments/{deployment}"),
                new { source_revision_config = new { image_uri = $"registry.example/app:{tag}-{deployment:N}" } });
            answer.EnsureSuccessStatusCode();
            return (sent, deployment, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("latest_revision_id").GetGuid());
        }
    }

    private static async Task<DateTimeOffset> StepAsync(HttpClient client, OurServer server, Guid deployment, Guid revision)
    {
        while (true)
        {
            var events = await client.GetFromJsonAsync<JsonElement>(new Uri(server.Address, $"/v2/deployments/{deployment}/revisions/{revision}/events"));
            foreach (var happened in events.GetProperty("resources").EnumerateArray())
                if (happened.GetProperty("kind").GetString() == FirstStep) return happened.GetProperty("at").GetDateTimeOffset();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
