using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Logs;

/// <summary>What the control plane itself says in the log of a revision's replicas; joins the caller's transaction.</summary>
internal sealed class DeployLog(LogTable table, Redactors redactors, TimeProvider clock)
{
    /// <summary>The text as it may be kept.</summary>
    public ValueTask<string> StoredAsync(RevisionRow revision, string text, CancellationToken cancellationToken) =>
        redactors.StoredAsync(revision, text, cancellationToken);

    /// <param name="stored">From <see cref="StoredAsync"/>, or without anything of the user's.</param>
    public Task AddAsync(PilothouseDb db, RevisionRow revision, int level, string stored, CancellationToken cancellationToken) => table.InsertAsync(
        db,
        [new LogLine(revision.WorkspaceId, revision.DeploymentId, revision.Id, IsBuild: false, clock.GetUtcNow(), level, stored)],
        cancellationToken);
}
