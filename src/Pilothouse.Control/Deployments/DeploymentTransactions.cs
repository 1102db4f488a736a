using Pilothouse.Contracts;
using Pilothouse.Control.Audit;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Deployments;

/// <summary>
/// One transaction per request: read the deployment, decide, write on the condition that it is as it was read, commit, and only then wake the loops.
/// What was answered is on disk; what was not leaves no trace.
/// </summary>
internal sealed class DeploymentTransactions(OpenContexts contexts, ControlSignals signals)
{
    /// <summary>On SQLite the transaction holds the only write lock and the first attempt succeeds; elsewhere a few collide.</summary>
    public const int Attempts = 5;

    public Task<Outcome<T>> RunAsync<T>(
        WorkspaceId workspace,
        Guid deployment,
        Func<PilothouseDb, DeploymentRow, Task<Outcome<T>?>> attempt,
        CancellationToken cancellationToken) => RunAsync(workspace, deployment, attempt, _ => true, cancellationToken);

    /// <param name="attempt">
    /// Gets the deployment, untracked. Null means that somebody else wrote in between: all is undone and read again. A rejection undoes all too.
    /// </param>
    /// <param name="concernsLoops">False for a change that loops and listeners have nothing to do about: who follows the deployment hears of it alone.</param>
    public async Task<Outcome<T>> RunAsync<T>(
        WorkspaceId workspace,
        Guid deployment,
        Func<PilothouseDb, DeploymentRow, Task<Outcome<T>?>> attempt,
        Func<T, bool> concernsLoops,
        CancellationToken cancellationToken)
    {
        for (var tried = 0; tried < Attempts; tried++)
        {
            if (await contexts.UseAsync(db => TryAsync(db, workspace, deployment, attempt, cancellationToken), cancellationToken) is not { } outcome) continue;
            if (!outcome.IsAccepted) return outcome;
            if (concernsLoops(outcome.Value)) signals.RevisionChanged(new DeploymentId(deployment));
            else signals.EventsTold(new DeploymentId(deployment));
            return outcome;
        }

        return new Rejection(Codes.Conflict, $"Deployment ID {deployment} was changed by others at the same moment, {Attempts} times: try again.");
    }

    private static async Task<Outcome<T>?> TryAsync<T>(
        PilothouseDb db,
        WorkspaceId workspace,
        Guid deployment,
        Func<PilothouseDb, DeploymentRow, Task<Outcome<T>?>> attempt,
        CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(deployment, cancellationToken);
        var outcome = await DecideAsync(db, workspace, deployment, attempt, cancellationToken);
        if (outcome is not { IsAccepted: true })
        {
            await transaction.RollbackAsync(cancellationToken);
            return outcome;
        }

        await AuditedChange.CommitAsync(db, transaction, deployment, cancellationToken);
        return outcome;
    }

    private static async Task<Outcome<T>?> DecideAsync<T>(
        PilothouseDb db,
        WorkspaceId workspace,
        Guid deployment,
        Func<PilothouseDb, DeploymentRow, Task<Outcome<T>?>> attempt,
        CancellationToken cancellationToken)
    {
        var row = await ReadDeployments.FindAsync(db, workspace, deployment, cancellationToken);
        if (row is null) return ApiResults.DeploymentNotFound(deployment);
        if (ChangeScope.FindStale(row) is { } stale) return stale;
        try
        {
            return await attempt(db, row);
        }
        catch (Exception taken) when (taken.IsUniqueViolationOf("revisions", "number"))
        {
            return null;
        }
    }
}
