using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.AuthService;

internal static class FlowEndpoints
{
    private const string TenantHeader = "X-Tenant-Id";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/auth/authenticate", AuthenticateAsync).RequirePermission(Permissions.UseTokens);
        routes.MapGet("/v2/auth/wait/{auth_id}", WaitAsync).AddEndpointFilter(NameWorkspaceAsync).RequirePermission(Permissions.UseTokens);
        routes.MapPost("/v2/auth/callback/{provider_id}", FinalizeAsync).RequirePermission(Permissions.UseTokens);

        routes.MapGet("/v2/auth/callback/{provider_id}", CallbackAsync)
            .AllowAnybody("Browsers come here, which have no key: the state is the permission, once.");
        routes.MapGet("/v2/auth/setup/{provider_id}", SetUpAsync)
            .AllowAnybody("Browsers come here, which have no key: the state is the permission, once, and without it nothing happens.");
    }

    private static async Task<IResult> AuthenticateAsync(
        HttpContext http, Authenticate authenticate, CallbackAddress callback, IOptions<AuthServiceOptions> options)
    {
        var faults = new RequestFaults();
        var request = Read(await BodyReader.ReadAsync(http, faults, http.RequestAborted), options.Value, faults);
        if (faults.Any) return faults.ToResult();
        var answer = await authenticate.RunAsync(http.GetCaller(), request, callback.Of(http.Request, request.Provider), http.RequestAborted);
        return answer.ToResult(value => ApiResults.Json(value, ApiJson.Default.AuthenticateAnswer));
    }

    private static AuthenticateRequest Read(BodyReader body, AuthServiceOptions options, RequestFaults faults)
    {
        // Sent by tool servers; there are no public clients of ours that it could mean.
        body.OptionalBool("use_agent_builder_public_oauth");
        if (body.IsPresent && (!body.Has("scopes") || body.IsNull("scopes"))) faults.Add("missing", ["body", "scopes"], "Field required");
        var redirectUri = body.OptionalText("redirect_uri");
        if (redirectUri is not null && !options.RedirectUris.Contains(redirectUri, StringComparer.Ordinal))
            body.Refuse("redirect_uri", "is not one of those that the operator allows (AuthService:RedirectUris)");
        return new AuthenticateRequest
        {
            Provider = body.Text("provider"),
            Scopes = TokenBodies.ReadScopes(body) ?? [],
            UserId = body.OptionalText("user_id", TokenOwner.MaxIdLength),
            LsUserId = body.OptionalText("ls_user_id", TokenOwner.MaxIdLength),
            AgentId = body.OptionalText("agent_id", TokenOwner.MaxIdLength),
            ForceNew = body.OptionalBool("force_new") ?? false,
            TokenId = body.OptionalUuid("token_id"),
            IsDefault = body.OptionalBool("is_default") ?? true,
            CheckOnly = body.OptionalBool("check_only") ?? false,
            RedirectUri = redirectUri,
        };
    }

    private static async Task<IResult> WaitAsync(HttpContext http, string auth_id, WaitForConsent waitForConsent)
    {
        var faults = new RequestFaults();
        var seconds = new QueryReader(http.Request.Query, faults).Int("timeout", 30, int.MinValue, int.MaxValue);
        if (faults.Any) return faults.ToResult();
        var answer = await waitForConsent.RunAsync(http.GetCaller(), auth_id, TimeSpan.FromSeconds(seconds), http.RequestAborted);
        return ApiResults.Json(answer, ApiJson.Default.WaitAnswer);
    }

    /// <summary>
    /// Clients name the workspace when they start and not when they wait: the consent knows it. A key that does not reach it hears what it would of an
    /// unknown one.
    /// </summary>
    private static async ValueTask<object?> NameWorkspaceAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.Request.Headers.ContainsKey(TenantHeader)) return await next(context);
        var wait = http.RequestServices.GetRequiredService<WaitForConsent>();
        if (await wait.WorkspaceOfAsync((string)http.Request.RouteValues["auth_id"]!, http.RequestAborted) is not { } workspace) return await next(context);
        http.Request.Headers[TenantHeader] = workspace.ToString();
        var answer = await next(context);
        return answer is IStatusCodeHttpResult { StatusCode: StatusCodes.Status403Forbidden }
            ? ApiResults.Json(new WaitAnswer(AuthStatuses.NotFound), ApiJson.Default.WaitAnswer)
            : answer;
    }

    private static async Task<IResult> FinalizeAsync(HttpContext http, string provider_id, FinishConsent finishConsent)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var returned = new ConsentReturn(provider_id, body.Text("state", isSecret: true), body.Text("code", isSecret: true));
        if (faults.Any) return faults.ToResult();
        var finished = await finishConsent.RunAsync(returned, http.GetCaller(), http.RequestAborted);
        return finished.ToResult(slug => ApiResults.Json(new FinalizedAnswer(AuthStatuses.Completed, slug), ApiJson.Default.FinalizedAnswer));
    }

    private static async Task<IResult> CallbackAsync(HttpContext http, string provider_id, FinishConsent finishConsent) => ConsentPage.Of(
        http, await finishConsent.RunAsync(Returned(http, provider_id), caller: null, http.RequestAborted));

    /// <summary>The setup URL of a GitHub App: with a state it is a callback, else there is nothing to do.</summary>
    private static async Task<IResult> SetUpAsync(HttpContext http, string provider_id, FinishConsent finishConsent)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        query.Int("installation_id", 0, int.MinValue, int.MaxValue);
        if (faults.Any) return faults.ToResult();
        var isUpdate = query.OptionalText("setup_action") is "update";
        return isUpdate || query.OptionalText("state") is null && query.OptionalText("error") is null
            ? ConsentPage.Saved(http)
            : ConsentPage.Of(http, await finishConsent.RunAsync(Returned(http, provider_id), caller: null, http.RequestAborted));
    }

    private static ConsentReturn Returned(HttpContext http, string provider)
    {
        var query = new QueryReader(http.Request.Query, new RequestFaults());
        return new ConsentReturn(
            provider, query.OptionalText("state"), query.OptionalText("code"), query.OptionalText("iss"), query.OptionalText("error"));
    }
}
