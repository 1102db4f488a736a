using System.Net;
using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;
using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class ExplainTests
{
    private static readonly Guid s_id = Guid.NewGuid();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Explanations_and_rollbacks_are_read_and_sent_as_they_are()
    {
        var rollback = new Rollback
        {
            DeploymentId = s_id,
            RevisionId = Guid.NewGuid(),
            Number = 3,
            TargetRevisionId = Guid.NewGuid(),
            TargetNumber = 1,
            LeftRevisionId = Guid.NewGuid(),
            LeftNumber = 2,
            Since = DateTimeOffset.UnixEpoch,
        };
        var explanation = new Explanation
        {
            DeploymentId = s_id,
            Serving = true,
            ServesNewest = false,
            Summary = "So it is.",
            Findings = [new Finding { Area = FindingAreas.Build, Severity = FindingSeverities.Error, Summary = "It failed.", Details = ["a line"], Action = "Mend it." }],
        };
        string? sent = null;
        await using var server = await StubServer.StartAsync(async (context, _) =>
        {
            if (context.Request.Method == "POST" && context.Request.Path.Value!.EndsWith("rollback", StringComparison.Ordinal))
                sent = await new StreamReader(context.Request.Body).ReadToEndAsync(Cancel);
            await StubServer.SayAsync(context, 200, context.Request.Path.Value!.EndsWith("explain", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(explanation, ApiJson.Default.Explanation)
                : JsonSerializer.Serialize(rollback, ApiJson.Default.Rollback));
        });
        using var client = server.Client();

        Assert.Equal(["a line"], (await client.ExplainAsync(s_id, Cancel)).Findings[0].Details);
        Assert.Equal(rollback, await client.RollBackAsync(s_id, new RollbackRequest { Number = 1 }, Cancel));
        Assert.Equal(rollback, await client.FindRollbackAsync(s_id, Cancel));
        Assert.Equal(rollback, await client.ResumeAsync(s_id, Cancel));

        Assert.Equal(1, JsonDocument.Parse(sent!).RootElement.GetProperty("number").GetInt32());
        Assert.Equal(
            [$"GET /v2/deployments/{s_id}/explain", $"POST /v2/deployments/{s_id}/rollback", $"GET /v2/deployments/{s_id}/rollback", $"POST /v2/deployments/{s_id}/resume"],
            server.Requests);
    }

    [Fact]
    public async Task No_rollback_is_null_and_no_deployment_is_refused()
    {
        var detail = "is not rolled back.";
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 404, $$"""{"detail":"Deployment ID {{s_id}} {{detail}}"}"""));
        using var client = server.Client();

        Assert.Null(await client.FindRollbackAsync(s_id, Cancel));
        detail = "not found.";
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<ApiException>(() => client.FindRollbackAsync(s_id, Cancel))).Status);
    }
}
