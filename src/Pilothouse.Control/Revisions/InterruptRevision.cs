using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;
using RevisionEvent = Pilothouse.Core.Revisions.RevisionEvent;

namespace Pilothouse.Control.Revisions;

/// <summary>A user gives a revision up: its build is stopped, or its deploying; what served before goes on serving.</summary>
internal sealed class InterruptRevision(IDbContextFactory<PilothouseDb> databases, ControlSignals signals, TimeProvider clock)
{
    /// <param name="by">The caller's subject.</param>
    public async Task<Outcome<Revision>> RunAsync(
        WorkspaceId workspace, Guid by, Guid deployment, Guid revision, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(deployment, cancellationToken);
        var row = await db.Revisions.AsNoTracking().SingleOrDefaultAsync(
            row => row.Id == revision && row.DeploymentId == deployment && row.WorkspaceId == workspace.Value, cancellationToken);
        if (row is null) return ApiResults.DeploymentNotFound(deployment);
        if (row.Status.IsTerminal())
        {
            return new Rejection(
                Codes.Conflict, $"Revision ID {revision} is {row.Status.ToWire()}; only a revision that has not ended can be interrupted.");
        }

        var wasWanted = row.Status is RevisionStatus.AwaitingDeploy or RevisionStatus.Deploying;
        if (!await RevisionTransitions.MoveAsync(db, row, RevisionEvent.InterruptRequested, ToldOf(by), clock.GetUtcNow(), cancellationToken))
            return new Rejection(Codes.Conflict, $"Revision ID {revision} changed at the same moment: look at its status, and try again.");
        if (wasWanted)
        {
            await WantedChange.RaiseAsync(db, await db.Deployments.SingleAsync(owner => owner.Id == deployment, cancellationToken), cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        signals.RevisionChanged(new DeploymentId(deployment));
        return Answer(row);
    }

    /// <summary>The data is <c>{"by": …}</c>.</summary>
    private static Telling ToldOf(Guid caller)
    {
        using var by = JsonDocument.Parse($$"""{"by":"{{caller}}"}""");
        return new Telling(
            ControlEventKinds.Interrupted, "A user interrupted the revision.", Reason: "A user interrupted it.", Data: by.RootElement.Clone());
    }

    private static Revision Answer(RevisionRow row) => new()
    {
        Id = row.Id,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Status = row.Status.ToWire(),
        Source = row.Source,
        SourceRevisionConfig = JsonSerializer.Deserialize(row.SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig)!,
    };
}
