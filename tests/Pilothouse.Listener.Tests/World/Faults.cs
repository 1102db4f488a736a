using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Testing;

namespace Pilothouse.Listener.Tests.World;

internal sealed class KilledException() : Exception("The process was killed.");

/// <summary>Counts every call through a port, before its effect and after it, and strikes at one of them.</summary>
internal sealed class Faults
{
    private readonly List<string> _calls = [];

    /// <summary>Every place that was passed, in order; faults strike at their number, from 1.</summary>
    public IReadOnlyList<string> Calls => _calls;

    /// <summary>The process is killed at this call.</summary>
    public int? KillAt { get; set; }

    /// <summary>The outside fails at this call, once.</summary>
    public int? FailAt { get; set; }

    /// <summary>Where the last fault struck.</summary>
    public string? Struck { get; private set; }

    /// <returns>Whether the call fails.</returns>
    public bool Hit(SimulatedProcess process, string where)
    {
        _calls.Add(where);
        var now = _calls.Count;
        if (now == KillAt)
        {
            Struck = where;
            process.Kill();
        }

        if (now != FailAt) return false;
        Struck = where;
        return true;
    }
}

internal sealed class FaultyRuntime(IRuntime inner, SimulatedProcess process, Faults faults) : IRuntime
{
    public string Kind => inner.Kind;

    public Task<int> SweepAsync(CancellationToken cancellationToken) =>
        CallAsync("sweep", () => inner.SweepAsync(cancellationToken));

    public IReadOnlyList<ReplicaStatus> List() => inner.List();

    public ReplicaStatus? Find(ReplicaName name) => inner.Find(name);

    public Task<ReplicaStatus> StartAsync(ReplicaSpec spec, CancellationToken cancellationToken) =>
        CallAsync($"start {spec.Name}", () => inner.StartAsync(spec, cancellationToken));

    public Task StopAsync(ReplicaName name, TimeSpan stopLimit, CancellationToken cancellationToken) => CallAsync($"stop {name}", async () =>
    {
        await inner.StopAsync(name, stopLimit, cancellationToken);
        return 0;
    });

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task<T> CallAsync<T>(string name, Func<Task<T>> call)
    {
        await StrikeAsync($"before {name}");
        var result = await call();
        await StrikeAsync($"after {name}");
        return result;
    }

    private async Task StrikeAsync(string where)
    {
        if (faults.Hit(process, where)) throw new RuntimeUnavailableException($"Injected {where}.");
        if (process.IsKilled) await new TaskCompletionSource().Task;
    }
}

/// <summary>The gateway is part of the process: it dies with it, and does not fail alone.</summary>
internal sealed class MortalGateway(IGateway inner, SimulatedProcess process, Faults faults) : IGateway
{
    public void Publish(Route route) => Call("publish", () => inner.Publish(route));

    public void Remove(DeploymentId deployment) => Call("remove route", () => inner.Remove(deployment));

    public Route? Find(DeploymentId deployment) => inner.Find(deployment);

    public IReadOnlyList<RequestUnderWay> UnderWay(DeploymentId deployment) => inner.UnderWay(deployment);

    public IRouteHold Hold(DeploymentId deployment, TimeSpan holdLimit)
    {
        Strike("before hold");
        return new MortalHold(this, inner.Hold(deployment, holdLimit));
    }

    private void Call(string name, Action call)
    {
        Strike($"before {name}");
        call();
        Strike($"after {name}");
    }

    private void Strike(string where)
    {
        if (process.IsKilled) throw new KilledException();
        // Synchronous code cannot fail here, only die.
        faults.Hit(process, where);
        if (process.IsKilled) throw new KilledException();
    }

    private sealed class MortalHold(MortalGateway gateway, IRouteHold inner) : IRouteHold
    {
        public Task<bool> DrainAsync(TimeSpan limit, CancellationToken cancellationToken) => inner.DrainAsync(limit, cancellationToken);

        public SwitchCounts Release(Route next)
        {
            gateway.Strike("before release");
            var counts = inner.Release(next);
            gateway.Strike("after release");
            return counts;
        }

        public void Dispose()
        {
            if (!gateway.IsDead) inner.Dispose();
        }
    }

    private bool IsDead => process.IsKilled;
}

internal sealed class FaultyProtocol(IListenerProtocol inner, SimulatedProcess process, Faults faults) : IListenerProtocol
{
    public Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken) => inner.PullAsync(request, cancellationToken);

    public async Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken)
    {
        await StrikeAsync($"before report {report.Phase}");
        await inner.ReportAsync(report, cancellationToken);
        await StrikeAsync($"after report {report.Phase}");
    }

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) => inner.SendLogsAsync(batch, cancellationToken);

    private async Task StrikeAsync(string where)
    {
        if (faults.Hit(process, where)) throw new HttpRequestException($"Injected {where}.");
        if (process.IsKilled) await new TaskCompletionSource().Task;
    }
}
