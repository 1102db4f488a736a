using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Client;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.State;

namespace Pilothouse.Listener;

/// <summary>The parts that the service wires together.</summary>
internal sealed record ListenerParts(
    Puller Puller, Reconciling.DeploymentReconciler Reconciler, ReportSender Sender, LogShipper Shipper, ReplicaWatch Watch, LogBuffer Logs,
    ReportOutbox Outbox);

/// <summary>The data-plane loop: pull, reconcile, report. Sweeps first, so that no state file has a second writer.</summary>
internal sealed class ListenerService(
    ListenerParts parts, IRuntime runtime, IAgentsLease lease, DataFolders folders, IOptions<ListenerOptions> options, LoopMetrics metrics, TimeProvider time,
    ILogger<ListenerService> logger) : BackgroundService
{
    /// <summary>A held switch keeps its worker for minutes; it must not keep other deployments waiting. A worker that waits costs nothing.</summary>
    private const int Workers = 256;

    private static readonly TimeSpan s_sweepPause = TimeSpan.FromSeconds(2);

    /// <summary>Runs until cancelled; waits first while another process runs the agents.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await lease.TakeAsync(cancellationToken);
        var swept = await SweepAsync(cancellationToken);
        folders.RemoveDeadScratch(of: null, running: []);
        parts.Puller.Recall();
        logger.ListenerStarted(options.Value.ListenerId, swept);

        var deployments = Loop(parts.Reconciler, "reconciler", Workers);
        var reports = Loop(parts.Sender, "report sender", Workers);
        var pull = Loop(parts.Puller, "pull", 1);
        var logs = Loop(parts.Shipper, "log shipper", 1);
        parts.Watch.OnChanged = deployments.Signal;
        parts.Puller.OnChanged = deployments.Signal;
        parts.Outbox.OnPending = reports.Signal;
        parts.Sender.OnTaken = deployments.Signal;
        parts.Logs.OnArrived = () => logs.Signal(LogShipper.Key);
        parts.Shipper.OnWanted = parts.Logs.OnArrived;

        await Task.WhenAll(
            deployments.RunAsync(cancellationToken), reports.RunAsync(cancellationToken), pull.RunAsync(cancellationToken),
            logs.RunAsync(cancellationToken));
        await parts.Shipper.SendLastAsync();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    private async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await runtime.SweepAsync(cancellationToken);
            }
            catch (Exception unavailable) when (unavailable is RuntimeUnavailableException or IOException or UnauthorizedAccessException)
            {
                logger.SweepFailed(unavailable, s_sweepPause);
                await Task.Delay(s_sweepPause, time, cancellationToken);
            }
        }
    }

    private ReconcileLoop<TKey> Loop<TKey>(IReconciler<TKey> reconciler, string name, int workers)
        where TKey : notnull => new(reconciler, new ReconcilePace { Workers = workers }, new LoopEvents<TKey>(logger, name), time,
        metrics.Of($"listener {name}"));

    private sealed class LoopEvents<TKey>(ILogger logger, string loop) : IReconcileEvents<TKey>
        where TKey : notnull
    {
        public void Failed(TKey key, Exception exception, TimeSpan retryAfter)
        {
            // Where the control plane is on another machine this is no surprise, and comes again and again.
            if (exception is UnreachableException or ApiException or ListenerSupersededException) logger.ControlPlaneRefused(loop, retryAfter, exception.Message);
            else logger.LoopFailed(exception, loop, $"{key}", retryAfter);
        }

        public void Stalled(TKey key, string reason, string message) => logger.LoopStalled(loop, $"{key}", reason, message);

        public void ResyncFailed(Exception exception) => logger.ResyncFailed(exception, loop);
    }
}
