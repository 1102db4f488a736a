using System.Collections.Concurrent;

namespace Pilothouse.EndToEnd.Chaos;

/// <summary>Kills, pauses, restarts and cuts, one thing after the other, and mends each before the next.</summary>
internal sealed class Nemesis(ChaosWorld world, TimeSpan lease, TimeSpan calm, CancellationToken until)
{
    private readonly ConcurrentDictionary<string, int> _done = new(StringComparer.Ordinal);

    public string Done => string.Join(", ", _done.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Value} x {one.Key}"));

    public async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var kinds = new (string Name, Func<Random, Task> Act)[] { ("kill", KillAsync), ("pause", PauseAsync), ("restart PostgreSQL", _ => world.Postgres.RestartAsync()), ("cut", CutAsync), ("kill the listener", KillListenerAsync) };
        for (var turn = 0; !until.IsCancellationRequested; turn++)
        {
            await Task.Delay(calm, TimeProvider.System, until).ContinueWith(_ => { }, TaskScheduler.Default);
            if (until.IsCancellationRequested) return;
            var (name, act) = kinds[turn % kinds.Length];
            await act(random);
            await SuperviseAsync();
            _done.AddOrUpdate(name, 1, (_, count) => count + 1);
        }
    }

    /// <summary>Who was overtaken in running the agents, also on a machine that was busy, ends, and is started again as a supervisor would.</summary>
    public async Task SuperviseAsync()
    {
        foreach (var server in world.Servers)
            if (await server.EndsWithinAsync(TimeSpan.Zero)) await server.StartAgainAsync();
        if (await world.Listener.EndsWithinAsync(TimeSpan.Zero)) await world.Listener.StartAgainAsync();
    }

    private async Task KillListenerAsync(Random random)
    {
        await world.Listener.KillAsync();
        await world.Listener.StartAgainAsync();
    }

    private async Task KillAsync(Random random)
    {
        var server = world.Servers[random.Next(world.Servers.Count)];
        await server.KillAsync();
        await server.StartAgainAsync();
    }

    /// <summary>Beyond every lease.</summary>
    private async Task PauseAsync(Random random)
    {
        var server = world.Servers[random.Next(world.Servers.Count)];
        server.Pause();
        await Task.Delay((lease * 2) + TimeSpan.FromSeconds(2), TimeProvider.System);
        server.Resume();
        if (await server.EndsWithinAsync(lease * 2)) await server.StartAgainAsync();
    }

    private Task CutAsync(Random random) => world.Proxy.CutAsync(TimeSpan.FromSeconds(random.Next(0, 3)));
}
