using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Revisions;

/// <summary>Extensions of the contract.</summary>
internal static class RollbackEndpoints
{
    private const int LongestReason = 500;

    public static void MapRollback(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/deployments/{deployment_id}/rollback", RollBackAsync).RequirePermission(Permissions.Update);
        routes.MapGet("/v2/deployments/{deployment_id}/rollback", GetAsync).RequirePermission(Permissions.Read);
        routes.MapPost("/v2/deployments/{deployment_id}/resume", ResumeAsync).RequirePermission(Permissions.Update);
    }

    /// <summary>201 for a rollback that begins, 200 for one that was there.</summary>
    private static async Task<IResult> RollBackAsync(HttpContext http, RollbackDeployment rollbackDeployment)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var body = await BodyReader.ReadOptionalAsync(http, faults, http.RequestAborted);
        var wanted = new RollbackRequest
        {
            RevisionId = body?.OptionalUuid("revision_id"),
            Number = body?.OptionalInt("number", 1),
            Reason = body?.OptionalText("reason", LongestReason),
        };
        if (faults.Any) return faults.ToResult();
        if (wanted is { RevisionId: not null, Number: not null })
            return ApiResults.Refused(new Rejection(Codes.Invalid, "revision_id and number exclude each other: they name the same thing."));
        var caller = http.GetCaller();
        var outcome = await rollbackDeployment.RunAsync(caller.Workspace, caller.Subject, deployment, wanted, http.RequestAborted);
        return QueueAnswers.ToResult(http, outcome, made => ApiResults.Json(
            PinStore.AnswerOf(made.Pin), ApiJson.Default.Rollback, made.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK));
    }

    private static async Task<IResult> GetAsync(HttpContext http, IDbContextFactory<PilothouseDb> databases)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        if (faults.Any) return faults.ToResult();
        var workspace = http.GetCaller().Workspace.Value;
        await using var db = await databases.CreateDbContextAsync(http.RequestAborted);
        if (!await db.Deployments.AnyAsync(row => row.Id == deployment && row.WorkspaceId == workspace, http.RequestAborted))
            return ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
        return await PinStore.FindAsync(db, workspace, deployment, http.RequestAborted) is { } pin
            ? ApiResults.Json(PinStore.AnswerOf(pin), ApiJson.Default.Rollback)
            : ApiResults.Refused(ResumeDeployment.NotRolledBack(deployment));
    }

    private static async Task<IResult> ResumeAsync(HttpContext http, ResumeDeployment resumeDeployment)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        if (faults.Any) return faults.ToResult();
        var outcome = await resumeDeployment.RunAsync(http.GetCaller().Workspace, deployment, http.RequestAborted);
        return outcome.ToResult(pin => ApiResults.Json(PinStore.AnswerOf(pin), ApiJson.Default.Rollback));
    }
}

/// <summary>Ends a rollback: what serves goes on serving, and whatever comes next is taken.</summary>
internal sealed class ResumeDeployment(DeploymentTransactions transactions, PinStore pins)
{
    /// <returns>The rollback that was.</returns>
    public Task<Outcome<PinRow>> RunAsync(WorkspaceId workspace, Guid deployment, CancellationToken cancellationToken) =>
        transactions.RunAsync<PinRow>(workspace, deployment, async (db, row) =>
        {
            if (await PinStore.FindAsync(db, row.WorkspaceId, row.Id, cancellationToken) is not { } pin) return NotRolledBack(row.Id);
            await pins.ReleaseAsync(db, pin, "A request resumed it.", cancellationToken);
            return pin;
        }, cancellationToken);

    public static Rejection NotRolledBack(Guid deployment) => new(Codes.NotFound, $"Deployment ID {deployment} is not rolled back.");
}
