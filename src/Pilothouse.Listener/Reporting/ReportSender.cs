using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;
using Pilothouse.Listener.Pulling;

namespace Pilothouse.Listener.Reporting;

/// <summary>Sends what waits in the outbox until the control plane has taken it; the loop brings the backoff.</summary>
internal sealed class ReportSender(
    ReportOutbox outbox, LogShipper logs, IListenerProtocol protocol, WantedDeployments wanted, IOptions<ListenerOptions> options,
    TimeProvider time, ILogger<ReportSender> logger)
    : IReconciler<DeploymentId>
{
    private static readonly TimeSpan s_sendLimit = TimeSpan.FromSeconds(15);

    /// <summary>Then the failure is told without the lines that explain it.</summary>
    private static readonly TimeSpan s_logLimit = TimeSpan.FromSeconds(5);

    /// <summary>The control plane took something; set once before the loop starts.</summary>
    public Action<DeploymentId> OnTaken { get; set; } = _ => { };

    public Task<IReadOnlyList<DeploymentId>> AllKeysAsync(CancellationToken cancellationToken) => Task.FromResult(outbox.Pending());

    public async Task<Reconciled> ReconcileAsync(DeploymentId key, CancellationToken cancellationToken)
    {
        while (outbox.Next(key) is { } parcel)
        {
            if (parcel.Claim is { Phase: ClaimPhase.Failed or ClaimPhase.Late }) await HandOverLogAsync(key, cancellationToken);
            await protocol.ReportAsync(Report(key, parcel), cancellationToken).WaitAsync(s_sendLimit, time, cancellationToken);
            outbox.Taken(key, parcel);
            if (parcel.Claim?.Phase == ClaimPhase.Deleted)
            {
                wanted.Forget(key);
                outbox.Forget(key);
            }

            OnTaken(key);
        }

        return Reconciled.Settled.Instance;
    }

    /// <summary>Who reads the log once the status says that it failed finds there what the agent server said.</summary>
    private async Task HandOverLogAsync(DeploymentId deployment, CancellationToken cancellationToken)
    {
        try
        {
            await logs.HandOverAsync(deployment, s_logLimit, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            logger.FailureToldBeforeItsLog(exception, deployment, s_logLimit);
        }
    }

    private DeploymentReport Report(DeploymentId deployment, Parcel parcel) => new()
    {
        ListenerId = options.Value.ListenerId,
        DeploymentId = deployment.Value,
        Generation = parcel.Claim?.Generation ?? wanted.Find(deployment)?.Generation ?? 0,
        RevisionId = parcel.Revision?.Value,
        Phase = parcel.Claim?.Phase.ToWire() ?? "observed",
        Message = parcel.Claim?.Message,
        IsLate = parcel.Claim?.Phase == ClaimPhase.Late,
        Events = parcel.Events,
    };
}
