using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class ChangeTests
{
    private static readonly Guid s_id = Guid.NewGuid();
    private static readonly string s_deployment = JsonSerializer.Serialize(PilothouseClientTests.Deployment("d"), ApiJson.Default.Deployment);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("create", 503)]
    [InlineData("patch", 502)]
    [InlineData("redeploy", 504)]
    [InlineData("redeploy", 429)]
    [InlineData("patch", 409)]
    [InlineData("create", 0)]
    public async Task Control_plane_that_honours_keys_is_sent_the_same_change_again_under_the_same_key(string call, int status)
    {
        var keys = new List<string?>();
        await using var server = await StubServer.StartAsync((context, number) =>
        {
            context.Response.Headers[ApiHeaders.Version] = "1.0";
            if (context.Request.Method == "GET") return StubServer.SayAsync(context, 200, s_deployment);
            keys.Add(context.Request.Headers[ApiHeaders.IdempotencyKey]);
            if (keys.Count % 2 == 0) return StubServer.SayAsync(context, 200, s_deployment);
            if (status is 0) context.Abort();
            if (status is 409) context.Response.Headers.RetryAfter = "0";
            return status is 0 ? Task.CompletedTask : StubServer.SayAsync(context, status, "");
        });
        using var client = server.Client();
        await client.GetDeploymentAsync(s_id, Cancel);

        await CallAsync(client, call);
        await CallAsync(client, call);

        Assert.Equal(4, keys.Count);
        Assert.Equal((keys[0], keys[2]), (keys[1], keys[3]));
        Assert.NotEqual(keys[0], keys[2]);
        Assert.All(keys, key => Assert.True(Guid.TryParse(key, out _)));
    }

    [Fact]
    public async Task Answer_that_fails_may_itself_say_that_keys_are_honoured()
    {
        await using var server = await StubServer.StartAsync((context, number) =>
        {
            context.Response.Headers[ApiHeaders.Version] = "1.0";
            return StubServer.SayAsync(context, number == 1 ? 503 : 200, s_deployment);
        });
        using var client = server.Client();

        await CallAsync(client, "patch");

        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("patch")]
    [InlineData("redeploy")]
    public async Task Other_control_planes_are_never_sent_a_change_twice(string call)
    {
        await using var server = await StubServer.StartAsync((context, _) => context.Request.Method == "GET"
            ? StubServer.SayAsync(context, 200, s_deployment)
            : StubServer.SayAsync(context, 503, """{"detail":"away"}"""));
        using var client = server.Client();
        await client.GetDeploymentAsync(s_id, Cancel);

        await Assert.ThrowsAsync<ApiException>(() => CallAsync(client, call));

        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(409, false)]
    [InlineData(500, false)]
    [InlineData(409, true)]
    public async Task Refusals_and_deletions_are_not_repeated(int status, bool isDelete)
    {
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            context.Response.Headers[ApiHeaders.Version] = "1.0";
            if (isDelete) context.Response.Headers.RetryAfter = "0";
            return StubServer.SayAsync(context, status, """{"detail":"no"}""");
        });
        using var client = server.Client();

        await Assert.ThrowsAsync<ApiException>(() => isDelete ? client.DeleteDeploymentAsync(s_id, Cancel) : CallAsync(client, "patch"));

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Options_become_headers_and_headers_become_the_answer()
    {
        IHeaderDictionary sent = null!;
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            sent = new HeaderDictionary(context.Request.Headers.ToDictionary());
            context.Response.Headers.ETag = "\"two\"";
            context.Response.Headers[ApiHeaders.IdempotencyReplayed] = "true";
            context.Response.Headers["Preference-Applied"] = "wait=90";
            return StubServer.SayAsync(context, 200, s_deployment);
        });
        using var client = server.Client();
        var options = new ChangeOptions { IdempotencyKey = "mine", IfMatch = "\"one\"", Wait = TimeSpan.FromSeconds(90) };

        var answer = await client.PatchDeploymentAsync(s_id, new DeploymentPatch(), options, Cancel);

        Assert.Equal(["mine", "\"one\"", "wait=90"], new[] { sent[ApiHeaders.IdempotencyKey], sent.IfMatch, sent["Prefer"] }.Select(value => value.ToString()));
        Assert.Equal(("\"two\"", true, true), (answer.Tag, answer.IsReplayed, answer.HasWaited));
    }

    [Fact]
    public async Task Wait_is_not_cut_short_by_the_limit_of_a_call()
    {
        await using var server = await StubServer.StartAsync(async (context, _) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(600), TimeProvider.System, context.RequestAborted);
            await StubServer.SayAsync(context, 200, s_deployment);
        });
        using var client = server.Client(limit: TimeSpan.FromMilliseconds(200));

        await client.RedeployAsync(s_id, s_id, new ChangeOptions { Wait = TimeSpan.FromSeconds(60) }, Cancel);
        await Assert.ThrowsAsync<UnreachableException>(() => client.RedeployAsync(s_id, s_id, new ChangeOptions(), Cancel));
    }

    [Fact]
    public async Task Deployment_that_the_caller_has_is_not_sent_again()
    {
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            context.Response.Headers.ETag = "\"one\"";
            if (context.Request.Headers.IfNoneMatch != "\"one\"") return StubServer.SayAsync(context, 200, s_deployment);
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        });
        using var client = server.Client();

        var read = await client.ReadDeploymentAsync(s_id, cancellationToken: Cancel);
        var again = await client.ReadDeploymentAsync(s_id, read!.Tag, Cancel);

        Assert.Equal(("d", "\"one\""), (read.Value.Name, read.Tag));
        Assert.Null(again);
    }

    private static Task<Deployment> CallAsync(PilothouseClient client, string call) => call switch
    {
        "create" => client.CreateDeploymentAsync(PilothouseClientTests.Create(), Cancel),
        "patch" => client.PatchDeploymentAsync(s_id, new DeploymentPatch(), Cancel),
        _ => client.RedeployAsync(s_id, s_id, Cancel),
    };
}
