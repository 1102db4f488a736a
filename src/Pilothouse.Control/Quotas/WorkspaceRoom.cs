using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Quotas;

/// <summary>Whether a workspace has room for more. Its deployments are counted again only from time to time, and always when the quota is near.</summary>
internal sealed class WorkspaceRoom(IOptions<QuotaOptions> options, TimeProvider clock)
{
    /// <summary>Below it every request counts.</summary>
    private const int Near = 100;

    private static readonly TimeSpan s_remembered = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Guid, Counted> _counted = new();

    /// <summary>For one deployment more; call it inside the transaction that adds it.</summary>
    public async Task<Rejection?> ForDeploymentAsync(PilothouseDb db, Guid workspace, CancellationToken cancellationToken)
    {
        var quota = options.Value.DeploymentsOf(workspace);
        if (_counted.GetValueOrDefault(workspace) is not { } known || known.Quota != quota || known.Room <= Near || clock.GetElapsedTime(known.At) > s_remembered)
        {
            var count = await db.Deployments.CountAsync(row => row.WorkspaceId == workspace, cancellationToken);
            _counted[workspace] = known = new Counted(quota, quota - count, clock.GetTimestamp());
        }

        return known.TryTake()
            ? null
            : new Rejection(Codes.LimitReached, $"This workspace may have {quota} deployments, and has them: delete those that nobody uses, or ask the operator for more (Quotas:Deployments).");
    }

    /// <summary>For another archive, of whatever size it will be.</summary>
    public async Task<Rejection?> ForUploadAsync(PilothouseDb db, Guid workspace, CancellationToken cancellationToken)
    {
        var quota = options.Value.UploadBytesOf(workspace);
        var held = await db.Uploads.Where(row => row.WorkspaceId == workspace).SumAsync(row => row.SizeBytes, cancellationToken);
        return held < quota
            ? null
            : new Rejection(
                Codes.LimitReached,
                $"This workspace keeps {held} bytes of uploads and may keep {quota}: delete deployments that nobody uses, or ask the operator for more (Quotas:UploadBytes).");
    }

    private sealed class Counted(int quota, int room, long at)
    {
        private int _room = room;

        public int Quota => quota;

        public int Room => Volatile.Read(ref _room);

        public long At => at;

        public bool TryTake() => Interlocked.Decrement(ref _room) >= 0;
    }
}
