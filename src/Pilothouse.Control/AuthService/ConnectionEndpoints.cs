using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.AuthService;

internal static class ConnectionEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/auth/agents/{agent_id}/connections", ListAsync).RequirePermission(Permissions.UseTokens);
        routes.MapPost("/v2/auth/agents/{agent_id}/connections", CreateAsync).RequirePermission(Permissions.UseTokens);
        routes.MapDelete("/v2/auth/agents/{agent_id}/connections/{connection_id}", DeleteAsync).RequirePermission(Permissions.UseTokens);
        routes.MapPost("/v2/auth/agents/{agent_id}/providers/{provider_id}/tokens", UpsertAsync).RequirePermission(Permissions.UseTokens);
    }

    private static async Task<IResult> ListAsync(HttpContext http, string agent_id, ConnectionStore store) => ApiResults.Json(
        new AgentConnectionsList(await store.ListAsync(http.GetCaller().Workspace, agent_id, http.RequestAborted)), ApiJson.Default.AgentConnectionsList);

    private static async Task<IResult> CreateAsync(HttpContext http, string agent_id, ConnectionStore store)
    {
        var faults = new RequestFaults();
        CheckAgent(agent_id, faults);
        var token = (await BodyReader.ReadAsync(http, faults, http.RequestAborted)).Text("oauth_token_id");
        if (faults.Any) return faults.ToResult();
        if (!Guid.TryParse(token, out var id)) return ApiResults.Refused(TokenStore.NotFound(token));
        var made = await store.CreateAsync(http.GetCaller(), agent_id, id, http.RequestAborted);
        return made.ToResult(Created);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string agent_id, string connection_id, ConnectionStore store) =>
        await store.RemoveAsync(http.GetCaller(), agent_id, connection_id, http.RequestAborted) is { } refused
            ? ApiResults.Refused(refused)
            : TypedResults.NoContent();

    private static async Task<IResult> UpsertAsync(HttpContext http, string agent_id, string provider_id, ConnectionStore store)
    {
        var faults = new RequestFaults();
        CheckAgent(agent_id, faults);
        var import = TokenBodies.ReadImport(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults, isOfAgent: true);
        if (faults.Any) return faults.ToResult();
        var made = await store.UpsertAsync(http.GetCaller(), agent_id, provider_id, import, http.RequestAborted);
        return made.ToResult(Created);
    }

    private static void CheckAgent(string agent, RequestFaults faults)
    {
        if (agent.Length <= TokenOwner.MaxIdLength) return;
        faults.Add(
            "string_too_long", ["path", "agent_id"], $"String should have at most {TokenOwner.MaxIdLength} characters", RequestFaults.Element(agent),
            ("max_length", TokenOwner.MaxIdLength));
    }

    private static IResult Created(AgentConnection connection) =>
        ApiResults.Json(connection, ApiJson.Default.AgentConnection, StatusCodes.Status201Created);
}
