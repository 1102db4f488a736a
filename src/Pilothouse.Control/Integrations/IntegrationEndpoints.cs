using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Integrations;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Integrations;

/// <summary>Lists of what a workspace is connected to: v1 as bare arrays, v2 in pages.</summary>
internal static class IntegrationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        MapLists(routes, "github", IntegrationKinds.GitHub);
        MapLists(routes, "forge/github", IntegrationKinds.ForgeGitHub);
    }

    private static void MapLists(IEndpointRouteBuilder routes, string v1, string kind)
    {
        routes.MapGet($"/v1/integrations/{v1}/install", (HttpContext http, ReadIntegrations read) => ListAsync(http, read, kind))
            .RequirePermission(Permissions.ReadIntegrations);
        routes.MapGet($"/v1/integrations/{v1}/{{integration_id}}/repos", (HttpContext http, ReadIntegrations read) => RepositoriesAsync(http, read, kind))
            .RequirePermission(Permissions.ReadIntegrations);
        routes.MapGet($"/v2/integrations/{kind}/installations", (HttpContext http, ReadIntegrations read) => PageAsync(http, read, kind))
            .RequirePermission(Permissions.ReadIntegrations);
        routes.MapGet(
            $"/v2/integrations/{kind}/installations/{{integration_id}}/repositories",
            (HttpContext http, ReadIntegrations read) => RepositoryPageAsync(http, read, kind))
            .RequirePermission(Permissions.ReadIntegrations);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadIntegrations read, string kind)
    {
        var all = await read.ListAsync(http.GetCaller().Workspace, kind, after: 0, ReadIntegrations.All, http.RequestAborted);
        return ApiResults.Json([.. all.Rows.Select(Of)], ApiJson.Default.IReadOnlyListGitHubIntegration);
    }

    private static async Task<IResult> RepositoriesAsync(HttpContext http, ReadIntegrations read, string kind)
    {
        var faults = new RequestFaults();
        var integration = faults.PathGuid(http, "integration_id");
        if (faults.Any) return faults.ToResult();
        return await read.FindRepositoriesAsync(http.GetCaller().Workspace, kind, integration, after: 0, ReadIntegrations.All, http.RequestAborted) is { } all
            ? ApiResults.Json([.. all.Rows.Select(Of)], ApiJson.Default.IReadOnlyListGitHubRepository)
            : NotFound(integration);
    }

    private static async Task<IResult> PageAsync(HttpContext http, ReadIntegrations read, string kind)
    {
        var faults = new RequestFaults();
        var (after, size) = PageOf(http, kind, faults);
        if (faults.Any) return faults.ToResult();
        var page = await read.ListAsync(http.GetCaller().Workspace, kind, after, size, http.RequestAborted);
        var next = Next(kind, page.NextAfter);
        return kind is IntegrationKinds.GitHub
            ? ApiResults.Json(new GitHubInstallationsPage([.. page.Rows.Select(Of)], next), ApiJson.Default.GitHubInstallationsPage)
            : ApiResults.Json(new ForgeGitHubInstallationsPage([.. page.Rows.Select(OfForge)], next), ApiJson.Default.ForgeGitHubInstallationsPage);
    }

    private static async Task<IResult> RepositoryPageAsync(HttpContext http, ReadIntegrations read, string kind)
    {
        var faults = new RequestFaults();
        var integration = faults.PathGuid(http, "integration_id");
        var list = $"{integration:N}";
        var (after, size) = PageOf(http, list, faults);
        if (faults.Any) return faults.ToResult();
        return await read.FindRepositoriesAsync(http.GetCaller().Workspace, kind, integration, after, size, http.RequestAborted) is { } page
            ? ApiResults.Json(
                new GitHubRepositoriesPage([.. page.Rows.Select(Of)], Next(list, page.NextAfter)), ApiJson.Default.GitHubRepositoriesPage)
            : NotFound(integration);
    }

    private static (long After, int Size) PageOf(HttpContext http, string list, RequestFaults faults)
    {
        var query = new QueryReader(http.Request.Query, faults);
        return (PageCursor.Read(query, list, faults), query.Int("page_size", 20, 1, 100));
    }

    private static string? Next(string list, long? after) => after is { } number ? PageCursor.Of(list, number) : null;

    private static GitHubIntegration Of(IntegrationRow row) => new(row.Id, row.InstallationId, row.AccountName);

    private static ForgeGitHubIntegration OfForge(IntegrationRow row) =>
        new(row.Id, row.InstallationId, row.AccountName, row.RepositorySelection, row.SettingsUrl);

    private static GitHubRepository Of(IntegrationRepositoryRow row) =>
        new(row.IntegrationId, row.RepositoryId, row.Name, row.Owner, row.Url, row.DefaultBranch);

    private static IResult NotFound(Guid integration) =>
        ApiResults.Detail(StatusCodes.Status404NotFound, $"Integration ID {integration} not found.");
}
