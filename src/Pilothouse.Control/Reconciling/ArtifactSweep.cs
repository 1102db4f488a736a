using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Reconciling;

/// <summary>Removes artifacts that no revision can want any more; their sources stay as long, so that an older revision can be built again.</summary>
/// <param name="stores">None where nothing is built.</param>
internal sealed class ArtifactSweep(IDbContextFactory<PilothouseDb> databases, IEnumerable<IArtifacts> stores, IOptions<UploadsOptions> options)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var inUse = await InUseAsync(cancellationToken);
        foreach (var store in stores) await store.RemoveUnusedAsync(inUse, cancellationToken);
    }

    /// <summary>Of each deployment: what serves, what is under way, and the newest.</summary>
    private async Task<HashSet<string>> InUseAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var active = await db.Deployments.Where(row => row.ActiveRevisionId != null).Select(row => row.ActiveRevisionId!.Value).ToListAsync(cancellationToken);
        var serving = active.ToHashSet();
        var revisions = await db.Revisions.AsNoTracking()
            .Where(row => row.ArtifactDigest != null)
            .Select(row => new { row.Id, row.DeploymentId, row.Number, row.Status, row.ArtifactDigest })
            .ToListAsync(cancellationToken);
        return revisions.GroupBy(revision => revision.DeploymentId)
            .SelectMany(ofOne => ofOne.OrderByDescending(revision => revision.Number)
                .Where((revision, index) => index < options.Value.KeptRevisions || serving.Contains(revision.Id) || !revision.Status.IsTerminal()))
            .Select(revision => revision.ArtifactDigest!)
            .ToHashSet(StringComparer.Ordinal);
    }
}
