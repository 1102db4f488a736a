using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access.Keys;
using Pilothouse.Control.Audit;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Control.Reconciling;

/// <summary>Removes what has had its time, and says what soon will, once per resync.</summary>
internal sealed class Sweeps(
    IDbContextFactory<PilothouseDb> databases, UploadSweep uploads, ArtifactSweep artifacts, AuditSweep audit, LogTable logs, RequestKeyStore keys,
    ExpiringKeys expiring, TimeProvider clock) : IReconciler<string>
{
    private const string Uploads = "uploads";
    private const string Artifacts = "artifacts";
    private const string Audit = "audit";
    private const string Logs = "logs";
    private const string RequestKeys = "request keys";
    private const string ApiKeys = "api keys";

    /// <summary>Far beyond the time in which a listener sends a batch again.</summary>
    private static readonly TimeSpan s_batchesKept = TimeSpan.FromDays(1);

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([Uploads, Artifacts, Audit, Logs, RequestKeys, ApiKeys]);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        if (key is Uploads) await uploads.RunAsync(cancellationToken);
        else if (key is Artifacts) await artifacts.RunAsync(cancellationToken);
        else if (key is Audit) await audit.RunAsync(cancellationToken);
        else if (key is RequestKeys) await keys.SweepAsync(cancellationToken);
        else if (key is ApiKeys) await expiring.RunAsync(cancellationToken);
        else await SweepLogsAsync(cancellationToken);
        return Reconciled.Settled.Instance;
    }

    private async Task SweepLogsAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var old = clock.GetUtcNow() - s_batchesKept;
        await db.LogBatches.Where(row => row.At < old).ExecuteDeleteAsync(cancellationToken);
        foreach (var deployment in await db.Deployments.Select(row => row.Id).ToListAsync(cancellationToken))
        {
            await logs.TrimAsync(db, deployment, isBuild: true, cancellationToken);
            await logs.TrimAsync(db, deployment, isBuild: false, cancellationToken);
        }
    }
}
