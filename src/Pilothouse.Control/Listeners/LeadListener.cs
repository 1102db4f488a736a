using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Listeners;

/// <summary>An instance of a listener begins: it gets the lease, or waits for it. What it says of itself is kept from whoever leads.</summary>
internal sealed class LeadListener(IDbContextFactory<PilothouseDb> databases, ListenerLeases leases, ListenerWakes wakes, TimeProvider clock)
{
    public async Task<Outcome<LeadAnswer>> RunAsync(WorkspaceId workspace, Guid listener, LeadRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Listeners.AsNoTracking().Of(workspace, listener).SingleOrDefaultAsync(cancellationToken) is not { } row)
            return ListenerRejections.NotFound(listener);
        var lease = await leases.TakeAsync(db, listener, request.InstanceId, cancellationToken);
        if (lease is null) wakes.Wake(listener);
        else await KeepAsync(db, row, request, cancellationToken);
        return new LeadAnswer
        {
            Protocol = Math.Min(request.Protocol, ListenerProtocolVersions.Newest),
            ListenerId = listener,
            WorkspaceId = workspace.Value,
            ComputeId = row.ComputeId,
            Lease = lease,
            RetrySeconds = ListenerLeases.RetrySeconds,
        };
    }

    public async Task ResignAsync(Guid listener, long lease, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await leases.ResignAsync(db, listener, lease, cancellationToken);
    }

    /// <summary>Where its agents answer is theirs too, and they are known again. Their own time of change stays: nobody changed them.</summary>
    private async Task KeepAsync(PilothouseDb db, ListenerRow row, LeadRequest request, CancellationToken cancellationToken)
    {
        var gateway = request.GatewayUrl;
        await db.Deployments.Where(one => one.ListenerId == row.Id && one.GatewayUrl != gateway)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.GatewayUrl, gateway), cancellationToken);
        await db.Deployments.Where(one => one.ListenerId == row.Id && one.Status == DeploymentStatus.Unknown)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.Status, DeploymentStatus.Ready), cancellationToken);
        if (string.Equals(row.Version, request.Version, StringComparison.Ordinal) && string.Equals(row.GatewayUrl, gateway, StringComparison.Ordinal)) return;
        var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
        await db.Listeners.Where(one => one.Id == row.Id).ExecuteUpdateAsync(
            set => set.SetProperty(one => one.Version, request.Version).SetProperty(one => one.GatewayUrl, gateway).SetProperty(one => one.UpdatedAt, now),
            cancellationToken);
    }
}
