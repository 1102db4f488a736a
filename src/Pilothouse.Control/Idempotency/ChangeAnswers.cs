using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Events;
using Pilothouse.Control.Overload;
using Pilothouse.Control.Revisions;

namespace Pilothouse.Control.Idempotency;

/// <summary>What a call that changes a deployment answers with when it succeeds; metadata of its endpoint.</summary>
internal sealed record ChangeAnswer(bool IsRevision, int Status)
{
    public static ChangeAnswer Deleted { get; } = new(IsRevision: false, StatusCodes.Status204NoContent);
    public static ChangeAnswer Created { get; } = new(IsRevision: false, StatusCodes.Status201Created);
    public static ChangeAnswer Changed { get; } = new(IsRevision: false, StatusCodes.Status200OK);
    public static ChangeAnswer NewRevision { get; } = new(IsRevision: true, StatusCodes.Status201Created);
}

/// <summary>
/// Answers of calls that make revisions: with <c>Prefer: wait=N</c> once the revision has ended, and for a request whose earlier try took effect
/// and could not answer, from what that try made.
/// </summary>
internal sealed class ChangeAnswers(ReadDeployments deployments, ReadRevisions revisions, RevisionWaits waits, AgentUrls urls)
{
    public async ValueTask<object?> RunAsync(EndpointFilterInvocationContext context, ChangeAnswer answer, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var scope = ChangeScope.Current ?? ChangeScope.Begin(http);
        var result = scope.IsRecovered ? await AgainAsync(http, scope, answer) : await next(context);
        if (result is not IStatusCodeHttpResult { StatusCode: >= 200 and < 300 } || Preference.Wait(http.Request) is not { } wait) return result;
        if (scope is { Deployment: { } deployment, Revision: { } revision })
        {
            PlaceOfRequest.Leave(http);
            var waited = await waits.WaitAsync(http.GetCaller().Workspace, deployment, revision, wait, scope.ClientGone);
            scope.IsCut = waited is Waited.Cut;
            if (waited is Waited.Refused) return result;
            var again = await AgainAsync(http, scope, answer);
            if (again is IStatusCodeHttpResult { StatusCode: >= 200 and < 300 }) result = again;
        }

        Preference.Applied(http.Response, wait);
        return result;
    }

    /// <summary>As things are now.</summary>
    private async Task<IResult> AgainAsync(HttpContext http, ChangeScope scope, ChangeAnswer answer)
    {
        var workspace = http.GetCaller().Workspace;
        var deployment = scope.Deployment!.Value;
        if (answer.IsRevision)
        {
            return await revisions.FindAsync(workspace, deployment, scope.Revision!.Value, http.RequestAborted) is { } revision
                ? ApiResults.Json(RevisionAnswer.Of(revision), ApiJson.Default.Revision, answer.Status)
                : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
        }

        return await deployments.FindAsync(workspace, deployment, http.RequestAborted) is { } row
            ? DeploymentTags.Answer(http, row, urls.For(http.Request), answer.Status)
            : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
    }
}

internal static class ChangeAnswerFilters
{
    /// <summary>Put it after <c>RequirePermission</c>, on a call that makes revisions.</summary>
    public static TBuilder AnswersChange<TBuilder>(this TBuilder builder, ChangeAnswer answer)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(answer).AddEndpointFilter((context, next) =>
            context.HttpContext.RequestServices.GetRequiredService<ChangeAnswers>().RunAsync(context, answer, next));
}
