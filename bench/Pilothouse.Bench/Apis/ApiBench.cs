using Pilothouse.Bench.Deploying;

namespace Pilothouse.Bench.Apis;

/// <summary>
/// Get, list, create and patch of deployments at 16 connections: the real server against <see cref="BareApi"/> on a copy of its database, and with
/// 100 deployments against 100,000. Servers have one core, the load the other; rounds alternate, so that what else the machine does meets all.
/// </summary>
internal static class ApiBench
{
    private const int Few = 100;
    private const int Many = 100_000;
    private const int Rounds = 5;
    private const int Seconds = 3;
    private const int SecondsWarm = 10;
    private const string ServerCore = "0";
    private const string LoadCore = "1";

    /// <summary>
    /// Hot code is compiled well at once, as it is after a while of being up; by itself the runtime waits, on one core for ten times as long.
    /// </summary>
    private static readonly Dictionary<string, string> s_steady = new(StringComparer.Ordinal) { ["DOTNET_TC_CallCountingDelayMs"] = "0" };

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("pilothouse-api-bench-").FullName;
        await using var few = await OurServer.StartAsync(core: ServerCore, variables: s_steady);
        await using var many = await OurServer.StartAsync(core: ServerCore, variables: s_steady);
        var template = await few.CreateAsync("seeded-0");
        var fewIds = SeededDatabase.Fill(few.DatabaseFile, template.Id, Few);
        var manyIds = SeededDatabase.Fill(many.DatabaseFile, (await many.CreateAsync("seeded-0")).Id, Many);
        var copy = Path.Combine(folder, "copy.db");
        SeededDatabase.Copy(few.DatabaseFile, copy);
        var bare = new Uri($"http://127.0.0.1:{BenchProcess.FreePort()}");
        await using var bareServer = BenchProcess.Start(
            folder, s_steady, "taskset", "-c", ServerCore,
            "dotnet", Environment.GetCommandLineArgs()[0], "api-under-test", $"{bare.Port}", copy, $"{template.TenantId}");
        await bareServer.UntilOkAsync(new Uri(bare, "/ok"));

        var servers = new Dictionary<string, Server>
        {
            ["ours"] = new(few.Address, new Load(folder, LoadCore, few.Key), fewIds),
            ["bare"] = new(bare, new Load(folder, LoadCore, few.Key), fewIds),
            ["many"] = new(many.Address, new Load(folder, LoadCore, many.Key), manyIds),
        };
        foreach (var (what, script) in s_reads) await MeasureAsync(what, script, servers);
        servers.Remove("many");
        foreach (var (what, script) in s_writes) await MeasureAsync(what, script, servers);
        Directory.Delete(folder, recursive: true);
    }

    // What changes nothing comes first, while the databases hold what they were filled with.
    private static readonly (string What, Func<Server, string> Script)[] s_reads =
    [
        ("get", server => Load.Get(server.Ids)),
        ("list", _ => Load.List()),
    ];

    private static readonly (string What, Func<Server, string> Script)[] s_writes =
    [
        ("create", _ => Load.Create()),
        ("patch", server => Load.Patch(server.Ids)),
    ];

    private static async Task MeasureAsync(string what, Func<Server, string> script, Dictionary<string, Server> servers)
    {
        foreach (var server in servers.Values) await server.Load.RunAsync(server.Address, script(server), SecondsWarm);
        var measured = servers.Keys.ToDictionary(name => name, _ => new List<Measured>());
        for (var round = 0; round < Rounds; round++)
            foreach (var (name, server) in servers) measured[name].Add(await server.Load.RunAsync(server.Address, script(server), Seconds));

        foreach (var (name, values) in measured)
            Console.WriteLine($"{what}, {Words(name)}: {Numbers.Median(values.Select(one => one.PerSecond)):0} requests/s, p99 {Numbers.Median(values.Select(one => one.P99)):0.0} ms");
        Numbers.Print($"{what}/s", Rates("ours"), "bare endpoint", Rates("bare"), "1/s", ">= 0.7");
        if (measured.ContainsKey("many"))
            Numbers.Print($"{what}/s with {Many} deployments", Rates("many"), $"with {Few}", Rates("ours"), "1/s", what == "get" ? ">= 0.9" : ">= 0.8");

        List<double> Rates(string name) => [.. measured[name].Select(one => one.PerSecond)];
    }

    private static string Words(string name) => name switch { "ours" => $"ours, {Few} deployments", "many" => $"ours, {Many} deployments", _ => "bare endpoint" };

    /// <param name="Ids">Deployments that it has.</param>
    private sealed record Server(Uri Address, Load Load, IReadOnlyList<Guid> Ids);
}
