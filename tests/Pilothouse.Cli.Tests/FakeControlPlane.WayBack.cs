using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;

namespace Pilothouse.Cli.Tests;

internal sealed partial class FakeControlPlane
{
    private Rollback? _rollback;

    /// <summary>What is answered of the newest revision; null: a control plane that explains nothing.</summary>
    public Func<Guid, Explanation>? Explains { get; set; }

    public List<RollbackRequest> Rollbacks { get; } = [];

    public List<Guid> Redeployed { get; } = [];

    public static Explanation Failed(Guid revision) => new()
    {
        DeploymentId = Guid.NewGuid(),
        Serving = false,
        ServesNewest = false,
        Summary = "It failed.",
        Findings =
        [
            new Finding
            {
                Area = FindingAreas.Build,
                Severity = FindingSeverities.Error,
                Summary = "The build of revision 1 failed.",
                Since = new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero),
                Details = ["line 1\u001b[31m", "line 2"],
                Action = "Mend it.",
                RevisionId = revision,
            },
        ],
    };

    private void MapWayBack()
    {
        _app.MapGet("/v2/deployments/{id:guid}/explain", context =>
            Explains is null
                ? RefuseAsync(context, 404, "Not Found")
                : SayAsync(context, Explains(Find(context)!.LatestRevisionId ?? Guid.Empty), ApiJson.Default.Explanation));
        _app.MapPost("/v2/deployments/{id:guid}/rollback", async context =>
        {
            Rollbacks.Add((await context.Request.ReadFromJsonAsync(ApiJson.Default.RollbackRequest))!);
            _rollback = new Rollback
            {
                DeploymentId = Find(context)!.Id,
                RevisionId = AddRevision(Find(context)!.Id, Steps[0]).Id,
                Number = 3,
                TargetRevisionId = Guid.NewGuid(),
                TargetNumber = 1,
                LeftRevisionId = Guid.NewGuid(),
                LeftNumber = 2,
                Since = default,
            };
            await SayAsync(context, _rollback, ApiJson.Default.Rollback, 201);
        });
        _app.MapPost("/v2/deployments/{id:guid}/resume", context =>
        {
            var was = _rollback;
            _rollback = null;
            return was is null
                ? RefuseAsync(context, 404, $"Deployment ID {Find(context)!.Id} is not rolled back.")
                : SayAsync(context, was, ApiJson.Default.Rollback);
        });
        _app.MapPost("/v2/deployments/{id:guid}/revisions/{revision:guid}/redeploy", context =>
        {
            Redeployed.Add(Guid.Parse((string)context.Request.RouteValues["revision"]!));
            AddRevision(Find(context)!.Id, Steps[0]);
            return SayAsync(context, Find(context)!, ApiJson.Default.Deployment);
        });
        _app.MapPost("/v2/deployments/{id:guid}/revisions/{revision:guid}/interrupt", context =>
        {
            var all = Revisions[Find(context)!.Id];
            var at = all.FindIndex(one => one.Id == Guid.Parse((string)context.Request.RouteValues["revision"]!));
            all[at] = all[at] with { Status = "INTERRUPTED" };
            return SayAsync(context, all[at], ApiJson.Default.Revision);
        });
    }
}
