using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// While a listener elsewhere is not heard of, how its deployments are is not known, and their status says so. They go on running there, and what is
/// wanted of them meanwhile happens once it is back. May run on every control plane.
/// </summary>
internal sealed class SilentListeners(IDbContextFactory<PilothouseDb> databases, ILogger<SilentListeners> logger, TimeProvider clock) : IReconciler<string>
{
    /// <summary>How often it is looked.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>The longest pull, and as long again.</summary>
    private static readonly TimeSpan s_silent = TimeSpan.FromMinutes(2);

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>(["listeners"]);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        return Reconciled.Settled.Instance;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var before = clock.GetUtcNow() - s_silent;
        var silent = await db.ListenerContacts
            .Where(contact => contact.InstanceId != null && contact.At < before)
            .Select(contact => contact.ListenerId)
            .ToListAsync(cancellationToken);
        foreach (var listener in silent)
        {
            var unknown = await db.Deployments.Where(row => row.ListenerId == listener && row.Status == DeploymentStatus.Ready)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, DeploymentStatus.Unknown), cancellationToken);
            if (unknown > 0) logger.ListenerSilent(listener, s_silent, unknown);
        }

        // Heard of again, without having begun anew.
        await db.Deployments
            .Where(row => row.Status == DeploymentStatus.Unknown
                && db.ListenerContacts.Any(contact => contact.ListenerId == row.ListenerId && contact.At >= before))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, DeploymentStatus.Ready), cancellationToken);
    }
}
