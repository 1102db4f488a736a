using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Overload;
using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// The listener protocol over HTTP (docs/listener-protocol.md). Each call needs a key of the very listener that it is about; 409 says that another of its
/// instances leads.
/// </summary>
internal static class ListenerProtocolEndpoints
{
    private const string Prefix = "/v2/listeners/{listener_id}/protocol";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost($"{Prefix}/lead", LeadAsync).RequirePermission(Permissions.ServeListener);
        routes.MapPost($"{Prefix}/resign", ResignAsync).RequirePermission(Permissions.ServeListener);
        routes.MapPost($"{Prefix}/pull", PullAsync).RequirePermission(Permissions.ServeListener);
        routes.MapPost($"{Prefix}/reports", ReportAsync).RequirePermission(Permissions.ServeListener);
        routes.MapPost($"{Prefix}/logs", LogsAsync).RequirePermission(Permissions.ServeListener);
        routes.MapPost($"{Prefix}/callers", CallersAsync).RequirePermission(Permissions.ServeListener);
        routes.MapGet($"{Prefix}/artifacts/{{digest}}", ArtifactAsync).RequirePermission(Permissions.ServeListener);
        routes.MapGet($"{Prefix}/tools/{{kind}}/{{version}}", ToolAsync).RequirePermission(Permissions.ServeListener);
        routes.MapGet($"{Prefix}/tools/{{kind}}/{{version}}/{{part}}", ToolAsync).RequirePermission(Permissions.ServeListener);
    }

    private static async Task<IResult> LeadAsync(HttpContext http, LeadListener leadListener)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var request = await ListenerMessages.ReadAsync(http, ApiJson.Default.LeadRequest, faults);
        if (request is not null) ListenerMessages.Check(request, faults);
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        var answer = await leadListener.RunAsync(http.GetCaller().Workspace, listener, request!, http.RequestAborted);
        return answer.ToResult(lead => ApiResults.Json(lead, ApiJson.Default.LeadAnswer));
    }

    private static async Task<IResult> ResignAsync(HttpContext http, LeadListener leadListener)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var request = await ListenerMessages.ReadAsync(http, ApiJson.Default.LeaseOfListener, faults);
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        await leadListener.ResignAsync(listener, request!.Lease, http.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> PullAsync(HttpContext http, ServeListener serve)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var request = await ListenerMessages.ReadAsync(http, ApiJson.Default.PullRequest, faults);
        if (request is not null) ListenerMessages.Check(request, faults);
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        PlaceOfRequest.Leave(http);
        return await AnsweredAsync(listener, () => serve.PullAsync(http, request! with { ListenerId = listener }));
    }

    private static async Task<IResult> ReportAsync(HttpContext http, IListenerProtocol protocol)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var report = await ListenerMessages.ReadAsync(http, ApiJson.Default.DeploymentReport, faults);
        if (report is not null) ListenerMessages.Check(report, faults);
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        return await AnsweredAsync(listener, async () =>
        {
            await protocol.ReportAsync(report! with { ListenerId = listener, Events = report.Events ?? [] }, http.RequestAborted);
            return TypedResults.NoContent();
        });
    }

    private static async Task<IResult> LogsAsync(HttpContext http, IListenerProtocol protocol)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var batch = await ListenerMessages.ReadAsync(http, ApiJson.Default.LogBatch, faults);
        if (batch is not null) ListenerMessages.Check(batch, faults);
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        return await AnsweredAsync(listener, async () =>
        {
            await protocol.SendLogsAsync(batch! with { ListenerId = listener }, http.RequestAborted);
            return TypedResults.NoContent();
        });
    }

    private static async Task<IResult> CallersAsync(HttpContext http, GatewayCallers callers)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var question = await ListenerMessages.ReadAsync(http, ApiJson.Default.CallerQuestion, faults);
        var hash = question is null ? null : ListenerMessages.HashOf(question, faults);
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        var workspace = http.GetCaller().Workspace;
        var answer = hash is null
            ? new CallerAnswer(await callers.MayCallAsync(workspace, question!.Token, http.RequestAborted))
            : await callers.AskAsync(workspace, hash, http.RequestAborted);
        return ApiResults.Json(answer, ApiJson.Default.CallerAnswer);
    }

    private static async Task<IResult> ArtifactAsync(HttpContext http, ServeListener serve)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        var digest = http.Request.RouteValues["digest"] as string ?? "";
        return await serve.ArtifactAsync(listener, digest, http.RequestAborted) is { } package
            ? Sent(package)
            : ApiResults.Detail(StatusCodes.Status404NotFound, "There is no such artifact for this listener.");
    }

    private static async Task<IResult> ToolAsync(HttpContext http, ServeListener serve)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        if (faults.Any) return faults.ToResult();
        if (Other(http, listener) is { } refused) return refused;
        var name = string.Join('/', ((string[])["kind", "version", "part"]).Select(part => http.Request.RouteValues[part] as string).OfType<string>());
        return await serve.ToolAsync(name, http.RequestAborted) is { } package
            ? Sent(package)
            : ApiResults.Detail(StatusCodes.Status404NotFound, "The toolchain of this control plane has no such tool.");
    }

    /// <summary>In part where that is asked for: what broke off goes on.</summary>
    private static PhysicalFileHttpResult Sent(Package package) => TypedResults.PhysicalFile(
        package.File, "application/gzip", entityTag: new EntityTagHeaderValue($"\"{package.Sha256}\""), enableRangeProcessing: true);

    /// <summary>Null when the caller shows a key of that listener.</summary>
    private static IResult? Other(HttpContext http, Guid listener) =>
        http.GetCaller().Credential.Listener == listener ? null : ApiResults.Refused(ListenerRejections.NotItsKey(listener));

    private static async Task<IResult> AnsweredAsync(Guid listener, Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (ListenerSupersededException)
        {
            return ApiResults.Refused(ListenerRejections.Superseded(listener));
        }
    }
}
