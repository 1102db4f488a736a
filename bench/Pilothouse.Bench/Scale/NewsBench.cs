using Pilothouse.Bench.Busy;
using Pilothouse.Bench.Deploying;

namespace Pilothouse.Bench.Scale;

/// <summary>
/// T32: what news to other control planes cost those who write: 200 changes a second at one of three, with <c>Peers:News</c> and without it, each on a
/// database of its own. Rounds alternate.
/// </summary>
internal static class NewsBench
{
    private const int Planes = 3;
    private const int Rounds = 7;
    private const int Deployments = 100;

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(5);

    public static async Task RunAsync()
    {
        await using var told = await PostgresStore.CreateAsync("told");
        await using var quiet = await PostgresStore.CreateAsync("quiet");
        quiet.Variables["PILOTHOUSE_Peers__News"] = "false";
        var servers = new List<OurServer>();
        try
        {
            using var withNews = await CallsAsync(told, servers);
            using var without = await CallsAsync(quiet, servers);
            await withNews.RunAsync(s_round);
            await without.RunAsync(s_round);
            var (ours, others) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                ours.Add(P99(await withNews.RunAsync(s_round)));
                others.Add(P99(await without.RunAsync(s_round)));
            }

            Numbers.Print("p99 of changes with news to two others", ours, "without news", others, "ms", "<= 1.2");
        }
        finally
        {
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    private static double P99(CallTimes times) => times.Writes.Order().ElementAt((int)(times.Writes.Count * 0.99));

    private static async Task<SteadyCalls> CallsAsync(PostgresStore store, List<OurServer> servers)
    {
        for (var at = 0; at < Planes; at++) servers.Add(await OurServer.StartAsync(variables: store.Variables, key: PostgresStore.Key));
        var first = servers[^Planes];
        var deployments = new List<Guid>();
        for (var number = 0; number < Deployments; number++) deployments.Add((await first.CreateAsync($"seeded-{number}")).Id);
        return new SteadyCalls(first.Address, first.Key, deployments, writeEvery: 1);
    }
}
