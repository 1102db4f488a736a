using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

internal static class ProviderEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/auth/providers", ListAsync).RequirePermission(Permissions.ReadProviders);
        routes.MapPost("/v2/auth/providers", CreateAsync).RequirePermission(Permissions.CreateProviders);
        routes.MapPost("/v2/auth/providers/mcp-discover", DiscoverAsync).RequirePermission(Permissions.CreateProviders);
        routes.MapGet("/v2/auth/providers/{provider_id}", GetAsync).RequirePermission(Permissions.ReadProviders);
        routes.MapPatch("/v2/auth/providers/{provider_id}", PatchAsync).RequirePermission(Permissions.UpdateProviders);
        routes.MapDelete("/v2/auth/providers/{provider_id}", DeleteAsync).RequirePermission(Permissions.DeleteProviders);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ProviderStore store)
    {
        var rows = await store.ListAsync(http.GetCaller().Organization, http.RequestAborted);
        return ApiResults.Json([.. rows.Select(Answer)], ApiJson.Default.IReadOnlyListOAuthProvider);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, ProviderBodies bodies, CreateProvider createProvider)
    {
        var faults = new RequestFaults();
        var wanted = bodies.ReadCreate(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults);
        if (faults.Any) return faults.ToResult();
        return (await createProvider.RunAsync(http.GetCaller(), wanted, http.RequestAborted)).ToResult(Answered);
    }

    private static async Task<IResult> DiscoverAsync(HttpContext http, ProviderBodies bodies, DiscoverProvider discoverProvider, CallbackAddress callback)
    {
        var faults = new RequestFaults();
        var wanted = bodies.ReadMcp(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults);
        if (faults.Any) return faults.ToResult();
        var redirectUri = callback.Of(http.Request, wanted.ProviderId);
        return (await discoverProvider.RunAsync(http.GetCaller(), wanted, redirectUri, http.RequestAborted)).ToResult(Answered);
    }

    private static async Task<IResult> GetAsync(HttpContext http, string provider_id, ProviderStore store) =>
        await store.FindAsync(http.GetCaller().Organization, provider_id, http.RequestAborted) is { } row
            ? Answered(row)
            : ApiResults.Refused(ProviderStore.NotFound(provider_id));

    private static async Task<IResult> PatchAsync(HttpContext http, string provider_id, ProviderBodies bodies, PatchProvider patchProvider)
    {
        var faults = new RequestFaults();
        var patch = bodies.ReadPatch(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults);
        if (faults.Any) return faults.ToResult();
        return (await patchProvider.RunAsync(http.GetCaller(), provider_id, patch, http.RequestAborted)).ToResult(Answered);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string provider_id, ProviderStore store) =>
        await store.RemoveAsync(http.GetCaller().Organization, provider_id, http.RequestAborted)
            ? ApiResults.Json(new ProviderMessage("OAuth provider deleted.", provider_id), ApiJson.Default.ProviderMessage)
            : ApiResults.Refused(ProviderStore.NotFound(provider_id));

    private static IResult Answered(OAuthProviderRow row) => ApiResults.Json(Answer(row), ApiJson.Default.OAuthProvider);

    private static OAuthProvider Answer(OAuthProviderRow row) => new()
    {
        Id = row.Id,
        OrganizationId = row.OrganizationId,
        ProviderId = row.ProviderId,
        Name = row.Name,
        ClientId = row.ClientId,
        AuthUrl = row.AuthUrl,
        TokenUrl = row.TokenUrl,
        UsesPkce = row.UsesPkce,
        CodeChallengeMethod = "S256",
        ProviderType = row.ProviderType,
        McpServerUrl = row.McpServerUrl,
        TokenEndpointAuthMethod = row.TokenEndpointAuthMethod,
        IsDynamicClient = row.IsDynamicClient,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };
}
