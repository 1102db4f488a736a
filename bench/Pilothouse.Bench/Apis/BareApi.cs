using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Bench.Apis;

/// <summary>
/// What the API costs at least: endpoints that run the same SQL by hand and answer the same JSON, and do nothing else: no key, no permission, no
/// check of a field. What a change writes, and its line of the audit log, go in one transaction.
/// </summary>
internal static class BareApi
{
    public static async Task RunAsync(int port, string database, Guid workspace)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var app = builder.Build();
        var sql = new BareSql(database, workspace);
        app.MapGet("/ok", () => TypedResults.Ok());
        app.MapGet("/v2/deployments/{id:guid}", async (HttpContext http, Guid id) =>
        {
            using var connection = sql.Open();
            await AnswerAsync(http, sql.Find(connection, id));
        });
        app.MapGet("/v2/deployments", async (HttpContext http, int limit) =>
        {
            using var connection = sql.Open();
            var rows = sql.List(connection, limit);
            await http.Response.WriteAsJsonAsync(new DeploymentsList(rows, rows.Count), ApiJson.Default.DeploymentsList);
        });
        app.MapPost("/v2/deployments", async (HttpContext http) =>
        {
            var body = (await JsonSerializer.DeserializeAsync(http.Request.Body, ApiJson.Default.DeploymentCreate))!;
            using var connection = sql.Open();
            using var transaction = connection.BeginTransaction();
            if (sql.IsTaken(connection, body.Name!))
            {
                http.Response.StatusCode = StatusCodes.Status409Conflict;
                return;
            }

            var made = sql.Insert(connection, body);
            sql.Tell(connection, "create_deployment", made.Id, StatusCodes.Status201Created);
            transaction.Commit();
            http.Response.StatusCode = StatusCodes.Status201Created;
            await AnswerAsync(http, made);
        });
        app.MapPatch("/v2/deployments/{id:guid}", async (HttpContext http, Guid id) =>
        {
            var body = (await JsonSerializer.DeserializeAsync(http.Request.Body, ApiJson.Default.DeploymentPatch))!;
            using var connection = sql.Open();
            using var transaction = connection.BeginTransaction();
            if (sql.Find(connection, id) is not { } found)
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            var patched = found with { SourceConfig = found.SourceConfig with { BuildCommand = body.SourceConfig!.BuildCommand } };
            sql.Update(connection, patched);
            sql.Tell(connection, "update_deployment", id, StatusCodes.Status200OK);
            transaction.Commit();
            await AnswerAsync(http, patched);
        });
        await app.RunAsync();
    }

    private static async Task AnswerAsync(HttpContext http, Deployment? deployment)
    {
        if (deployment is null) http.Response.StatusCode = StatusCodes.Status404NotFound;
        else await http.Response.WriteAsJsonAsync(deployment, ApiJson.Default.Deployment);
    }
}
