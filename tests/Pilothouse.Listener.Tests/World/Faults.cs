using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Testing;

namespace Pilothouse.Listener.Tests.World;

internal sealed class KilledException() : Exception("The process was killed.");

/// <summary>What a fault does to a call.</summary>
internal enum FaultKind
{
    /// <summary>The outside fails, once.</summary>
    Fail,

    /// <summary>kill -9 of the whole process.</summary>
    Kill,

    /// <summary>The call is made twice in a row.</summary>
    Twice,
}

/// <summary>Counts every call through a port, before its effect and after it, and strikes at one of them.</summary>
internal sealed class Faults
{
    private readonly List<string> _calls = [];
    private (FaultKind Kind, int At)? _armed;

    /// <summary>Every place that was passed, in order.</summary>
    public IReadOnlyList<string> Calls => _calls;

    /// <summary>Where the fault struck; null while it has not.</summary>
    public string? Struck { get; private set; }

    /// <summary>The call just passed is to be made twice.</summary>
    public bool IsTwice { get; private set; }

    /// <param name="place">From 1, counted from now.</param>
    public void Arm(FaultKind kind, int place) => _armed = (kind, _calls.Count + place);

    /// <returns>Whether the call fails.</returns>
    public bool Hit(SimulatedProcess process, string where, bool canFail = true)
    {
        _calls.Add(where);
        IsTwice = false;
        if (process.IsKilled || _armed is not { } armed || armed.At != _calls.Count) return false;
        switch (armed.Kind)
        {
            case FaultKind.Kill:
                Struck = where;
                process.Kill();
                return false;
            case FaultKind.Twice when where.StartsWith("before ", StringComparison.Ordinal):
                Struck = where;
                IsTwice = true;
                return false;
            case FaultKind.Fail when canFail:
                Struck = where;
                return true;
            default:
                return false;
        }
    }
}

internal sealed class FaultyRuntime(IRuntime inner, SimulatedProcess process, Faults faults) : IRuntime
{
    private readonly FaultyCalls _calls = new(process, faults, where => new RuntimeUnavailableException($"Injected {where}."));

    public string Kind => inner.Kind;

    public Task<int> SweepAsync(CancellationToken cancellationToken) => _calls.CallAsync("sweep", () => inner.SweepAsync(cancellationToken));

    public IReadOnlyList<ReplicaStatus> List() => inner.List();

    public ReplicaStatus? Find(ReplicaName name) => inner.Find(name);

    public Task<ReplicaStatus> StartAsync(ReplicaSpec spec, CancellationToken cancellationToken) =>
        _calls.CallAsync($"start {spec.Name}", () => inner.StartAsync(spec, cancellationToken));

    public Task StopAsync(ReplicaName name, TimeSpan stopLimit, CancellationToken cancellationToken) => _calls.CallAsync($"stop {name}", async () =>
    {
        await inner.StopAsync(name, stopLimit, cancellationToken);
        return 0;
    });

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Calls of one port that can fail, by an exception of that port.</summary>
internal sealed class FaultyCalls(SimulatedProcess process, Faults faults, Func<string, Exception> failure)
{
    public async Task<T> CallAsync<T>(string name, Func<Task<T>> call)
    {
        await StrikeAsync($"before {name}");
        var isTwice = faults.IsTwice;
        var result = await call();
        if (isTwice) result = await call();
        await StrikeAsync($"after {name}");
        return result;
    }

    private async Task StrikeAsync(string where)
    {
        if (faults.Hit(process, where)) throw failure(where);
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
        var isTwice = faults.IsTwice;
        call();
        if (isTwice) call();
        Strike($"after {name}");
    }

    private void Strike(string where)
    {
        if (process.IsKilled) throw new KilledException();
        // Synchronous code cannot fail here, only die.
        faults.Hit(process, where, canFail: false);
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
    private readonly FaultyCalls _calls = new(process, faults, where => new HttpRequestException($"Injected {where}."));

    public Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken) =>
        _calls.CallAsync("pull", () => inner.PullAsync(request, cancellationToken));

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) => _calls.CallAsync($"report {report.Phase}", async () =>
    {
        await inner.ReportAsync(report, cancellationToken);
        return 0;
    });

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) => _calls.CallAsync("logs", async () =>
    {
        await inner.SendLogsAsync(batch, cancellationToken);
        return 0;
    });
}

/// <summary>What is asked of agent servers; what a dead process asked for is answered to nobody.</summary>
internal sealed class FaultyAgents(HttpMessageHandler inner, SimulatedProcess process, Faults faults) : DelegatingHandler(inner)
{
    private readonly FaultyCalls _calls = new(process, faults, where => new HttpRequestException($"Injected {where}."));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _calls.CallAsync("busy probe", () => base.SendAsync(request, cancellationToken));
}
