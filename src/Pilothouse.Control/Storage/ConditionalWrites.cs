namespace Pilothouse.Control.Storage;

/// <summary>
/// Conditions for <c>ExecuteUpdateAsync</c>: 0 rows changed means that somebody else was there first, and the writer reads again.
/// </summary>
internal static class ConditionalWrites
{
    /// <summary>The deployment as it was read.</summary>
    public static IQueryable<DeploymentRow> AtGeneration(this IQueryable<DeploymentRow> rows, Guid workspace, Guid deployment, long generation) =>
        rows.Where(row => row.WorkspaceId == workspace && row.Id == deployment && row.Generation == generation);

    /// <summary>The revision while its claimant still holds it: a claimant whose lease was taken over changes nothing.</summary>
    public static IQueryable<RevisionRow> HeldBy(this IQueryable<RevisionRow> rows, Guid revision, string owner, long fence) =>
        rows.Where(row => row.Id == revision && row.LeaseOwner == owner && row.LeaseFence == fence);

    /// <summary>The revision while nobody holds it.</summary>
    public static IQueryable<RevisionRow> Free(this IQueryable<RevisionRow> rows, Guid revision, DateTimeOffset now) =>
        rows.Where(row => row.Id == revision && (row.LeaseOwner == null || row.LeaseUntil < now));
}
