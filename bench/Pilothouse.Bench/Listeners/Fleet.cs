using System.Collections.Concurrent;
using System.Diagnostics;
using Pilothouse.Bench.Deploying;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Bench.Listeners;

/// <param name="Core">Share of one.</param>
internal sealed record Idle(double Core, double Mebibytes);

/// <param name="Milliseconds">Of each change, from the request's start until its listener held the answer that names the new revision.</param>
/// <param name="CpuSeconds">Of the control plane.</param>
/// <param name="Seconds">From the first change to the last one's end.</param>
internal sealed record Changes(IReadOnlyList<double> Milliseconds, double CpuSeconds, double Seconds);

/// <summary>One control plane and its listeners.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private const int DeploymentsEach = 10;
    private const int MadeAtOnce = 8;

    /// <summary>All listeners are of one workspace here; where the control plane cannot follow, the times shall show it.</summary>
    private static readonly Dictionary<string, string> s_limits = new(StringComparer.Ordinal)
    {
        ["PILOTHOUSE_Overload__ConcurrentRequestsPerWorkspace"] = "100000",
        ["PILOTHOUSE_Overload__ConcurrentRequests"] = "100000",
    };

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>So long do all take together to begin: their pulls do not end all at once later.</summary>
    private static readonly TimeSpan s_spread = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Guid, long> _arrived = new();
    private readonly OurServer _server;
    private readonly IReadOnlyList<SimulatedListener> _listeners;
    private readonly IReadOnlyList<Guid> _deployments;
    private readonly List<Task> _running = [];

    private int _changes;

    private Fleet(OurServer server, IReadOnlyList<(Guid Id, string Key)> listeners, IReadOnlyList<Guid> deployments)
    {
        (_server, _deployments) = (server, deployments);
        _listeners = [.. listeners.Select(one => new SimulatedListener(server.Address, one.Id, one.Key, _arrived))];
    }

    public static async Task<Fleet> CreateAsync(int count)
    {
        var server = await OurServer.StartAsync(variables: s_limits);
        try
        {
            var listeners = await ListenersAsync(server, count);
            var template = await server.CreateAsync("template");
            return new Fleet(server, listeners, BoundDeployments.Fill(server, template.Id, [.. listeners.Select(one => one.Id)], DeploymentsEach));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>All lead, know what is wanted, and wait for news.</summary>
    public async Task BeginAsync()
    {
        foreach (var listener in _listeners)
        {
            _running.Add(listener.RunAsync(_end.Token));
            await Task.Delay(s_spread / _listeners.Count, TimeProvider.System);
        }

        await Task.WhenAll(_listeners.Select(listener => listener.KnowsAll.WaitAsync(s_patience)));
    }

    public async Task<Idle> IdleAsync(TimeSpan span)
    {
        var (cpu, began) = (_server.CpuSeconds, Stopwatch.GetTimestamp());
        await Task.Delay(span, TimeProvider.System);
        return new Idle((_server.CpuSeconds - cpu) / Stopwatch.GetElapsedTime(began).TotalSeconds, _server.ResidentBytes / 1048576.0);
    }

    /// <summary>Each change is sent when it is due, whether or not the one before has arrived, to one deployment after the other.</summary>
    public async Task<Changes> ChangeAsync(int perSecond, TimeSpan span)
    {
        var (cpu, began) = (_server.CpuSeconds, Stopwatch.GetTimestamp());
        var made = new List<Task<double>>();
        for (var number = 0; number < (int)(span.TotalSeconds * perSecond); number++)
        {
            var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), began + (number * Stopwatch.Frequency / perSecond));
            if (early > TimeSpan.Zero) await Task.Delay(early, TimeProvider.System);
            made.Add(ChangeAsync(_changes++));
        }

        var took = await Task.WhenAll(made);
        return new Changes(took, _server.CpuSeconds - cpu, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var one in _running) await one.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var listener in _listeners) listener.Dispose();
        _end.Dispose();
        await _server.DisposeAsync();
    }

    private static async Task<IReadOnlyList<(Guid Id, string Key)>> ListenersAsync(OurServer server, int count)
    {
        var made = new ConcurrentBag<(Guid Id, string Key)>();
        await Parallel.ForEachAsync(Enumerable.Range(1, count), new ParallelOptions { MaxDegreeOfParallelism = MadeAtOnce }, async (number, cancellationToken) =>
        {
            var listener = await server.Client.CreateListenerAsync(
                new ListenerCreate { ComputeType = ComputeTypes.Process, ComputeId = $"machine-{number}", ComputeConfig = new ListenerComputeConfig() }, cancellationToken);
            var key = await server.Client.CreateListenerKeyAsync(listener.Id, new ListenerKeyCreate { Name = $"machine-{number}" }, cancellationToken);
            made.Add((listener.Id, key.Key));
        });
        return [.. made];
    }

    /// <summary>A rollback, to the other of the first two revisions each time: what it makes carries their artifact, and needs no build.</summary>
    private async Task<double> ChangeAsync(int change)
    {
        var (deployment, wanted) = (_deployments[change % _deployments.Count], new RollbackRequest { Number = 1 + (change / _deployments.Count % 2) });
        var sent = Stopwatch.GetTimestamp();
        var revision = (await _server.Client.RollBackAsync(deployment, wanted)).RevisionId;
        while (true)
        {
            if (_arrived.TryRemove(revision, out var arrived)) return Stopwatch.GetElapsedTime(sent, arrived).TotalMilliseconds;
            if (_running.Find(one => one.IsFaulted) is { } failed) await failed;
            if (Stopwatch.GetElapsedTime(sent) > s_patience)
                throw new InvalidOperationException($"Revision {revision} of deployment {deployment} did not reach its listener: {(await _server.Client.GetRevisionAsync(deployment, revision)).Status}.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
