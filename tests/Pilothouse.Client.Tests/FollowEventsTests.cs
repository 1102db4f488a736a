using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class FollowEventsTests
{
    private static readonly Guid s_id = Guid.NewGuid();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_event_comes_once_although_the_connection_breaks()
    {
        var lasts = new List<string>();
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StubServer.StartAsync(async (context, number) =>
        {
            lasts.Add(context.Request.Headers["Last-Event-ID"].ToString());
            if (number == 3)
            {
                context.Response.StatusCode = 503;
                return;
            }

            var from = number switch { 1 => 1, 2 => 3, _ => 4 };
            await StreamAsync(context, $"retry: 2000\n\n: quiet\n\n{Frame(from)}{Frame(from + 1)}");
            if (number == 2) await context.Response.WriteAsync("id: 9\nevent: half\ndata: {", context.RequestAborted);
            if (number == 5) await context.Response.WriteAsync(End("deleted"), context.RequestAborted);
            if (number > 1) return;
            await read.Task;
            context.Abort();
        });
        using var client = server.Client();

        var seen = new List<long>();
        await foreach (var happened in client.FollowEventsAsync(s_id, after: 0, cancellationToken: Cancel))
        {
            seen.Add(happened.Id);
            if (happened.Id == 2) read.SetResult();
        }

        Assert.Equal([1, 2, 3, 4, 5], seen);
        Assert.Equal(["", "2", "4", "4", "5"], lasts);
        Assert.All(server.Requests, request => Assert.Equal($"GET /v2/deployments/{s_id}/events", request));
    }

    [Fact]
    public async Task Revision_is_waited_for_until_it_has_ended()
    {
        var revision = Guid.NewGuid();
        await using var server = await StubServer.StartAsync(async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/events", StringComparison.Ordinal))
            {
                var value = new Revision
                {
                    Id = revision,
                    CreatedAt = default,
                    UpdatedAt = default,
                    Status = "BUILD_FAILED",
                    Source = "internal_source",
                    SourceRevisionConfig = new SourceRevisionConfig(),
                };
                await StubServer.SayAsync(context, 200, JsonSerializer.Serialize(value, ApiJson.Default.Revision));
                return;
            }

            await StreamAsync(context, Frame(1, "BUILDING") + Frame(2) + Frame(3, "BUILD_FAILED"));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var client = server.Client();

        var ended = await client.WaitForRevisionAsync(s_id, revision, Cancel);

        Assert.Equal("BUILD_FAILED", ended.Status);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Lost_key_and_what_is_not_there_end_it_in_words()
    {
        await using var server = await StubServer.StartAsync((context, number) => number switch
        {
            1 => StreamAsync(context, End("unauthorized")),
            2 => StubServer.SayAsync(context, 404, """{"detail":"Deployment ID x not found."}"""),
            _ => StubServer.SayAsync(context, 200, """{"resources":[]}"""),
        });
        using var client = server.Client();

        var revoked = await Assert.ThrowsAsync<ApiException>(() => AllAsync(client));
        var missing = await Assert.ThrowsAsync<ApiException>(() => AllAsync(client));
        var other = await Assert.ThrowsAsync<ApiException>(() => AllAsync(client));

        Assert.Equal((HttpStatusCode.Unauthorized, "Why."), (revoked.Status, revoked.Detail));
        Assert.Equal(HttpStatusCode.NotFound, missing.Status);
        Assert.Contains("does not stream", other.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_plane_that_is_away_for_good_is_unreachable()
    {
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = server.Client();

        await Assert.ThrowsAsync<UnreachableException>(() => AllAsync(client));

        Assert.Equal(4, server.Requests.Count);
    }

    private static async Task AllAsync(PilothouseClient client)
    {
        await foreach (var _ in client.FollowEventsAsync(s_id, cancellationToken: Cancel))
        {
        }
    }

    private static async Task StreamAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static string Frame(int id, string? status = null)
    {
        var happened = new RevisionEvent(id, s_id, null, default, $"k{id}", "Two\nlines.", Data: null, status);
        return string.Create(CultureInfo.InvariantCulture, $"id: {id}\nevent: k{id}\ndata: {JsonSerializer.Serialize(happened, ApiJson.Default.RevisionEvent)}\n\n");
    }

    private static string End(string reason) =>
        $"event: {StreamEnd.Kind}\ndata: {JsonSerializer.Serialize(new StreamEnd(reason, "Why."), ApiJson.Default.StreamEnd)}\n\n";
}
