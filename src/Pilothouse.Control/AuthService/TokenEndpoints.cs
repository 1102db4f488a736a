using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

/// <summary>The caller's own tokens. An unknown provider is one without tokens.</summary>
internal static class TokenEndpoints
{
    private const int MaxProvidersAtOnce = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/auth/tokens", ListAsync).RequirePermission(Permissions.UseTokens);
        routes.MapDelete("/v2/auth/tokens", DeleteOwnAsync).RequirePermission(Permissions.UseTokens);
        routes.MapDelete("/v2/auth/tokens/{token_id}", DeleteOneAsync).RequirePermission(Permissions.UseTokens);
        routes.MapPatch("/v2/auth/tokens/{token_id}/metadata", PatchAsync).RequirePermission(Permissions.UseTokens);
        routes.MapGet("/v2/auth/tokens/exists", ExistsAsync).RequirePermission(Permissions.UseTokens);
        routes.MapPost("/v2/auth/tokens/exists/batch", ExistBatchAsync).RequirePermission(Permissions.UseTokens);
        routes.MapPost("/v2/auth/tokens/import", ImportAsync).RequirePermission(Permissions.UseTokens);
        routes.MapGet("/v2/auth/tokens/workspace/slack/exists", SlackExistsAsync).RequirePermission(Permissions.UseTokens);
        routes.MapDelete("/v2/auth/tokens/workspace/slack", DeleteSlackAsync).RequirePermission(Permissions.ManageTokens);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadTokens read)
    {
        var slug = new QueryReader(http.Request.Query, new RequestFaults()).OptionalText("provider_id");
        var tokens = await read.OwnAsync(http.GetCaller(), slug, http.RequestAborted);
        return ApiResults.Json([.. tokens.Select(token => token.ToAnswer())], ApiJson.Default.IReadOnlyListOAuthToken);
    }

    private static async Task<IResult> DeleteOwnAsync(HttpContext http, ProviderStore providers, DeleteTokens deleteTokens)
    {
        var faults = new RequestFaults();
        var slug = Provider(http, faults);
        if (faults.Any) return faults.ToResult();
        var caller = http.GetCaller();
        if (await providers.FindAsync(caller.Organization, slug, http.RequestAborted) is not { } provider)
            return ApiResults.Refused(ProviderStore.NotFound(slug));
        var count = await deleteTokens.OwnAsync(caller, provider.Id, http.RequestAborted);
        return ApiResults.Json(new ProviderMessage($"OAuth tokens deleted: {count}.", slug), ApiJson.Default.ProviderMessage);
    }

    /// <summary>What can be no id is no token's.</summary>
    private static async Task<IResult> DeleteOneAsync(HttpContext http, string token_id, DeleteTokens deleteTokens) =>
        Guid.TryParse(token_id, out var id) && await deleteTokens.OneAsync(http.GetCaller(), id, http.RequestAborted)
            ? TypedResults.NoContent()
            : ApiResults.Refused(TokenStore.NotFound(token_id));

    private static async Task<IResult> PatchAsync(HttpContext http, string token_id, PatchToken patchToken)
    {
        var faults = new RequestFaults();
        var patch = TokenBodies.ReadPatch(await BodyReader.ReadAsync(http, faults, http.RequestAborted));
        if (faults.Any) return faults.ToResult();
        if (!Guid.TryParse(token_id, out var id)) return ApiResults.Refused(TokenStore.NotFound(token_id));
        var patched = await patchToken.RunAsync(http.GetCaller(), id, patch, http.RequestAborted);
        return patched.ToResult(token => ApiResults.Json(token.ToAnswer(), ApiJson.Default.OAuthToken));
    }

    private static async Task<IResult> ExistsAsync(HttpContext http, ReadTokens read)
    {
        var faults = new RequestFaults();
        var slug = Provider(http, faults);
        if (faults.Any) return faults.ToResult();
        var tokens = await read.OwnAsync(http.GetCaller(), slug, http.RequestAborted);
        return ApiResults.Json(new TokenStatus(tokens.Count > 0), ApiJson.Default.TokenStatus);
    }

    private static async Task<IResult> ExistBatchAsync(HttpContext http, ReadTokens read)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var slugs = body.OptionalTexts("provider_ids");
        if (slugs is null && body.IsPresent && !faults.Any) faults.Add("missing", ["body", "provider_ids"], "Field required");
        if (slugs?.Count > MaxProvidersAtOnce) body.Refuse("provider_ids", $"should have at most {MaxProvidersAtOnce} entries");
        if (faults.Any) return faults.ToResult();
        var own = (await read.OwnAsync(http.GetCaller(), slug: null, http.RequestAborted)).Select(token => token.ProviderId).ToHashSet(StringComparer.Ordinal);
        return ApiResults.Json(
            new TokenStatuses(slugs!.Distinct(StringComparer.Ordinal).ToDictionary(slug => slug, own.Contains, StringComparer.Ordinal)),
            ApiJson.Default.TokenStatuses);
    }

    private static async Task<IResult> ImportAsync(HttpContext http, ImportToken importToken)
    {
        var faults = new RequestFaults();
        var import = TokenBodies.ReadImport(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults, isOfAgent: false);
        if (faults.Any) return faults.ToResult();
        var imported = await importToken.RunAsync(http.GetCaller(), import, http.RequestAborted);
        return imported.ToResult(id => ApiResults.Json(new ImportedToken(id), ApiJson.Default.ImportedToken));
    }

    private static async Task<IResult> SlackExistsAsync(HttpContext http, IDbContextFactory<PilothouseDb> databases)
    {
        await using var db = await databases.CreateDbContextAsync(http.RequestAborted);
        return ApiResults.Json(
            new TokenStatus(await DeleteTokens.OfSlack(db, http.GetCaller()).AnyAsync(http.RequestAborted)), ApiJson.Default.TokenStatus);
    }

    private static async Task<IResult> DeleteSlackAsync(HttpContext http, DeleteTokens deleteTokens)
    {
        var count = await deleteTokens.OfSlackAsync(http.GetCaller(), http.RequestAborted);
        return ApiResults.Json(new ProviderMessage($"Slack tokens deleted: {count}.", ProviderTypes.Slack), ApiJson.Default.ProviderMessage);
    }

    private static string Provider(HttpContext http, RequestFaults faults)
    {
        if (new QueryReader(http.Request.Query, faults).OptionalText("provider_id") is { } slug) return slug;
        faults.Add("missing", ["query", "provider_id"], "Field required");
        return "";
    }
}
