using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Reconciling;
using Pilothouse.Listener.Pulling;

namespace Pilothouse.Listener.Remote;

/// <summary>Removes what was fetched and nobody wants any more; it can be fetched again.</summary>
internal sealed class UnusedArtifacts(IArtifacts artifacts, WantedDeployments wanted, LoopMetrics metrics, TimeProvider time, ILogger<UnusedArtifacts> logger)
    : BackgroundService, IReconciler<string>, IReconcileEvents<string>
{
    private const string Name = "unused artifacts";
    private static readonly TimeSpan s_every = TimeSpan.FromHours(1);

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([Name]);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        // Before everything was heard, nothing is known to be unwanted.
        if (wanted.IsLoaded) await artifacts.RemoveUnusedAsync(wanted.Digests(), cancellationToken);
        return Reconciled.Settled.Instance;
    }

    public void Failed(string key, Exception exception, TimeSpan retryAfter) => logger.LoopFailed(exception, Name, key, retryAfter);

    public void Stalled(string key, string reason, string message) => logger.LoopStalled(Name, key, reason, message);

    public void ResyncFailed(Exception exception) => logger.ResyncFailed(exception, Name);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        new ReconcileLoop<string>(this, new ReconcilePace { Workers = 1, Resync = s_every }, this, time, metrics.Of($"listener {Name}")).RunAsync(stoppingToken);
}
