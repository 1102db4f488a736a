using System.Globalization;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Chaos;

/// <summary>
/// Everything fails at some time, and nothing is lost. A minute in the tests; <c>./dev chaos --minutes N</c> for longer. What holds is said by
/// <see cref="HistoryChecker"/>, from what clients were answered and what the database saw.
/// </summary>
public sealed class ChaosTests
{
    private const int Deployments = 20;
    private const int Replicas = 3;
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Nothing_is_lost_while_control_planes_are_killed_and_paused_and_the_database_goes_away()
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("PILOTHOUSE_CHAOS_MINUTES") ?? "1", CultureInfo.InvariantCulture);
        var agents = minutes > 2 ? 6 : 2;
        await using var world = await ChaosWorld.StartAsync(Replicas, s_lease);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Repository.Cancel);
        var clients = new Clients(world, Deployments, end.Token);
        var nemesis = new Nemesis(world, s_lease, calm: TimeSpan.FromSeconds(4), end.Token);
        await DeployAgentsAsync(world, clients, agents);

        end.CancelAfter(TimeSpan.FromMinutes(minutes));
        await Task.WhenAll(
            nemesis.RunAsync(seed: 1), clients.EditAsync(seed: 2), clients.EditAsync(seed: 3), clients.CallAsync(seed: 4), clients.CallAsync(seed: 5),
            clients.DeployAsync(seed: 6, pause: TimeSpan.FromSeconds(15)));

        await nemesis.SuperviseAsync();
        await Eventually.ReadAsync(world.UnfinishedAsync, count => count == 0, "all is finished", TimeSpan.FromMinutes(2));
        await nemesis.SuperviseAsync();
        IReadOnlyList<string> faults = [];
        await Eventually.ReadAsync(
            async () => faults = HistoryChecker.Check(clients.Acts, await world.SeenAsync(), await world.RemainsAsync()),
            found => !found.Any(fault => fault.Contains("eplica", StringComparison.Ordinal) && fault.Contains(" run", StringComparison.Ordinal)), "replicas are as wanted", TimeSpan.FromMinutes(1));

        var acts = clients.Acts;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{acts.Count} calls ({string.Join(", ", acts.GroupBy(act => (act.Kind, act.Status)).OrderBy(one => one.Key).Select(one => $"{one.Count()} x {one.Key.Kind} {one.Key.Status}"))}); {nemesis.Done}; {(await world.SeenAsync()).Count} statuses seen");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        foreach (var (_, path) in clients.Agents)
            foreach (var server in world.Servers) Assert.EndsWith(": hello", await new Agent(new Uri(server.Address, path).AbsoluteUri, ChaosWorld.Key).AskAsync("hello"), StringComparison.Ordinal);
    }

    private static async Task DeployAgentsAsync(ChaosWorld world, Clients clients, int count)
    {
        var control = new ControlPlane(world.Servers[1], ChaosWorld.Key);
        for (var at = 0; at < count; at++)
        {
            // Every other one on the listener elsewhere.
            var isRemote = at % 2 == 1;
            var seed = at;
            Guid? made = null;
            await Eventually.TrueAsync(() => made is not null || (made = clients.CreateAsync(new Random(seed), isAgent: true, isRemote ? world.Listener.Id : null).GetAwaiter().GetResult()) is not null);
            var id = made!.Value;
            await control.UntilAsync($"{id}", await control.DeployAsync($"{id}", Clients.Sample(0)));
            var url = new Uri((await control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}")).GetProperty("source_config").GetProperty("custom_url").GetString()!);
            clients.Agents[id] = isRemote ? url.AbsoluteUri.TrimEnd('/') : url.AbsolutePath;
        }
    }
}
