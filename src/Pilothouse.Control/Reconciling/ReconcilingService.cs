using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Control.Reconciling;

/// <summary>The loops that drive revisions. A control plane without a build engine has none: it serves the API, and another one drives.</summary>
internal sealed class RevisionLoops(
    DeploymentRevisionsReconciler revisions, BuildReconciler builds, BuildTurns turns, ControlSignals signals, IOptions<ReconcilingOptions> options,
    LoopMetrics metrics, TimeProvider clock, ILogger<RevisionLoops> logger)
{
    private const string Queue = "revision queue";
    private const string Turns = "build turns";
    private const string Build = "build loop";

    /// <summary>Passes are short; one that waits for the store keeps the others going.</summary>
    private const int Workers = 8;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pace = new ReconcilePace { Workers = Workers, Resync = options.Value.Resync };
        var queue = new ReconcileLoop<DeploymentId>(revisions, pace, new LoopEvents<DeploymentId>(logger, Queue), clock, metrics.Of(Queue));

        // A worker builds one revision at a time, so their number is that of concurrent builds.
        var building = new ReconcileLoop<RevisionId>(
            turns.Around(builds), pace with { Workers = options.Value.ConcurrentBuilds }, new LoopEvents<RevisionId>(logger, Build), clock,
            metrics.Of(Build));
        var sharing = new ReconcileLoop<string>(turns, pace with { Workers = 1 }, new LoopEvents<string>(logger, Turns), clock, metrics.Of(Turns));
        turns.OnTurn = building.Signal;
        turns.OnFree = () => sharing.Signal(BuildTurns.Key);
        revisions.OnBuildable = _ => sharing.Signal(BuildTurns.Key);
        signals.Changed += queue.Signal;
        try
        {
            await Task.WhenAll(queue.RunAsync(cancellationToken), building.RunAsync(cancellationToken), sharing.RunAsync(cancellationToken));
        }
        finally
        {
            signals.Changed -= queue.Signal;
        }
    }
}

internal sealed class RevisionService(RevisionLoops? loops, ILogger<RevisionService> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (loops is not null) return loops.RunAsync(stoppingToken);
        logger.NoBuildEngine();
        return Task.CompletedTask;
    }
}

internal sealed class SweepService(
    Sweeps sweeps, SilentListeners silent, IOptions<ReconcilingOptions> options, LoopMetrics metrics, TimeProvider clock, ILogger<SweepService> logger) : BackgroundService
{
    private const string Loop = "sweep";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        RunAsync(sweeps, Loop, options.Value.SweepEvery, stoppingToken), RunAsync(silent, "silent listeners", SilentListeners.Every, stoppingToken));

    private Task RunAsync(IReconciler<string> reconciler, string name, TimeSpan every, CancellationToken cancellationToken) => new ReconcileLoop<string>(
        reconciler, new ReconcilePace { Workers = 1, Resync = every }, new LoopEvents<string>(logger, name), clock, metrics.Of(name)).RunAsync(cancellationToken);
}

internal sealed class LoopEvents<TKey>(ILogger logger, string loop) : IReconcileEvents<TKey>
    where TKey : notnull
{
    public void Failed(TKey key, Exception exception, TimeSpan retryAfter) => logger.LoopFailed(exception, loop, $"{key}", retryAfter);

    public void Stalled(TKey key, string reason, string message) => logger.LoopStalled(loop, $"{key}", reason, message);

    public void ResyncFailed(Exception exception) => logger.ResyncFailed(exception, loop);
}
