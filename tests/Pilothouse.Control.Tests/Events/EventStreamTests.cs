using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Events;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Events;

public sealed class EventStreamTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task Whole_life_of_a_deployment_is_followed_without_a_poll()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine(), new() { ["Events:ReadEvery"] = "00:05:00" });
        var api = new Api(world.Host, world.Host.Client(), await world.Host.WorkspaceAsync());
        var id = await api.CreateAsync();
        var deployment = Guid.Parse(id);
        using var stream = await Stream.OpenAsync(api.Client, $"/v2/deployments/{id}/events");

        var archive = await world.UploadAsync(deployment);
        var revision = Guid.Parse((await api.PatchAsync(id, Bodies.Push(archive))).Expect(HttpStatusCode.OK).Text_("latest_revision_id")!);
        await stream.UntilAsync("build_succeeded");
        await world.ReportAsync(deployment, revision, "deploying");
        await stream.UntilAsync("deploying");
        await world.ReportAsync(deployment, revision, "deployed");
        await stream.UntilAsync("deployed");
        (await api.DeleteAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.NoContent);
        await stream.UntilAsync("deletion_requested");
        await world.ReportAsync(deployment, revision, "deleted");
        var end = await stream.UntilAsync("end");

        Assert.Equal(
            ["queued", "ready_to_build", "build_started", "build_succeeded", "deploying", "deployed", "deletion_requested", "end"],
            stream.Seen.Select(one => one.Kind));
        Assert.Equal(
            ["QUEUED", "AWAITING_BUILD", "BUILDING", "AWAITING_DEPLOY", "DEPLOYING", "DEPLOYED", null],
            stream.Seen.SkipLast(1).Select(one => one.Data.GetProperty("status").GetString()));
        Assert.Equal("deleted", end.Data.GetProperty("reason").GetString());
        Assert.Null(end.Id);
        Assert.Equal(stream.Seen.SkipLast(1).Select(one => one.Data.GetProperty("id").GetInt64().ToString()), stream.Seen.SkipLast(1).Select(one => one.Id));
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task Stream_says_what_proxies_need_and_a_list_stays_a_list()
    {
        await using var world = await StartAsync();
        var deployment = await world.DeploymentAsync();
        using var client = world.Host.Client();

        using var stream = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events");
        var list = await client.GetAsync($"/v2/deployments/{deployment}/events", Cancel);
        using var both = new HttpRequestMessage(HttpMethod.Get, $"/v2/deployments/{deployment}/events");
        both.Headers.TryAddWithoutValidation("Accept", "text/event-stream;q=0.5, application/json");
        using var weighed = await client.SendAsync(both, Cancel);

        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.True(stream.Response.Headers.CacheControl is { NoCache: true, NoTransform: true });
        Assert.Equal("no", stream.Response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Equal("application/json", list.Content.Headers.ContentType!.ToString());
        Assert.Equal("application/json", weighed.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Reader_that_was_cut_off_goes_on_after_what_it_saw_last()
    {
        await using var world = await StartAsync();
        var deployment = await world.DeploymentAsync();
        var (one, two) = (await world.AddRevisionAsync(deployment), await world.AddRevisionAsync(deployment));
        await TellAsync(world, deployment, Enumerable.Range(1, 250), number => number % 2 == 0 ? two : one);
        using var client = world.Host.Client();

        using var first = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events");
        await first.UntilAsync("k120");
        var last = first.Seen[^1].Id!;
        using var second = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events?after=0", ("Last-Event-ID", last));
        using var after = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events?after={last}");
        using var own = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/revisions/{two}/events");
        await Task.WhenAll(second.UntilAsync("k250"), after.UntilAsync("k250"), own.UntilAsync("k250"));
        await TellAsync(world, deployment, [251], _ => one);
        await second.UntilAsync("k251");
        await TellAsync(world, deployment, [252], _ => two);
        await own.UntilAsync("k252");

        Assert.Equal(Enumerable.Range(121, 131).Select(number => $"k{number}"), second.Seen.Select(happened => happened.Kind));
        Assert.Equal(Enumerable.Range(121, 130).Select(number => $"k{number}"), after.Seen.Select(happened => happened.Kind));
        Assert.Equal(Enumerable.Range(1, 126).Select(number => $"k{number * 2}"), own.Seen.Select(happened => happened.Kind));
    }

    [Fact]
    public async Task Last_event_that_is_none_is_a_fault_of_shape_and_what_is_anothers_is_not_there()
    {
        await using var world = await StartAsync();
        var deployment = await world.DeploymentAsync();
        using var client = world.Host.Client();

        foreach (var last in new[] { "x", "-1", "99999999999999999999" })
        {
            using var malformed = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events", ("Last-Event-ID", last));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, malformed.Response.StatusCode);
        }

        using var foreign = await Stream.OpenAsync(client, $"/v2/deployments/{await world.DeploymentAsync(workspace: Guid.NewGuid())}/events");

        Assert.Equal(HttpStatusCode.NotFound, foreign.Response.StatusCode);
    }

    [Fact]
    public async Task Quiet_stream_carries_heartbeats_and_the_key_is_asked_for_again()
    {
        await using var world = await StartAsync(new() { ["Events:Heartbeat"] = "00:00:00.050", ["Events:AuthorizeEvery"] = "00:00:00.100" });
        var deployment = await world.DeploymentAsync();
        var key = await world.Host.AddKeyAsync((await world.Host.WorkspaceAsync()).Value);
        using var client = world.Host.Client(key);
        using var stream = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events");

        await stream.UntilHeartbeatAsync();
        await world.Host.WithDbAsync(db => db.ApiKeys
            .Where(row => row.Hash == Control.Access.ApiKeyText.Hash(key))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, TimeProvider.System.GetUtcNow()), Cancel));
        var end = await stream.UntilAsync("end");

        Assert.Equal("unauthorized", end.Data.GetProperty("reason").GetString());
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task Streams_of_a_key_and_of_a_workspace_are_limited_and_closed_ones_count_no_more()
    {
        await using var world = await StartAsync(new() { ["Events:MaxStreamsPerKey"] = "2", ["Events:MaxStreamsPerWorkspace"] = "3" });
        var path = $"/v2/deployments/{await world.DeploymentAsync()}/events";
        using var client = world.Host.Client();
        using var other = world.Host.Client(await world.Host.AddKeyAsync((await world.Host.WorkspaceAsync()).Value));
        var first = await Stream.OpenAsync(client, path);
        using var second = await Stream.OpenAsync(client, path);

        using var third = await Stream.OpenAsync(client, path);
        using var others = await Stream.OpenAsync(other, path);
        using var fourth = await Stream.OpenAsync(other, path);
        first.Dispose();
        var again = await Eventually.ReadAsync(() => Stream.OpenAsync(client, path), stream => stream.Response.StatusCode == HttpStatusCode.OK);
        again.Dispose();

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK, HttpStatusCode.TooManyRequests],
            new[] { second, third, others, fourth }.Select(stream => stream.Response.StatusCode));
        Assert.NotNull(third.Response.Headers.RetryAfter);
        Assert.Contains("workspace", await fourth.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_that_takes_nothing_is_dropped()
    {
        await using var world = await StartAsync(new() { ["Events:WriteLimit"] = "00:00:00.200" });
        var deployment = await world.DeploymentAsync();
        var revision = await world.AddRevisionAsync(deployment);
        var big = JsonSerializer.SerializeToElement(new string('x', 60_000));
        var watches = world.Host.Services.GetRequiredService<DeploymentWatches>();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, world.Host.Address.Port, Cancel);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /v2/deployments/{deployment}/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: {world.Host.NewKey}\r\nAccept: text/event-stream\r\n\r\n"), Cancel);
        await Eventually.TrueAsync(() => watches.IsWatched(new DeploymentId(deployment)));

        // More than the buffers of both sides hold.
        await TellAsync(world, deployment, Enumerable.Range(1, 200), _ => revision, big);

        await Eventually.TrueAsync(() => !watches.IsWatched(new DeploymentId(deployment)));
    }

    [Fact]
    public async Task Server_that_stops_ends_its_streams_at_once()
    {
        var world = await StartAsync();
        var deployment = await world.DeploymentAsync();
        using var client = world.Host.Client();
        using var stream = await Stream.OpenAsync(client, $"/v2/deployments/{deployment}/events");
        var began = TimeProvider.System.GetTimestamp();

        await world.DisposeAsync();

        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.Null(await stream.NextAsync());
    }

    private static Task<ControlWorld> StartAsync(Dictionary<string, string?>? settings = null) => ControlWorld.StartAsync(settings: settings);

    private static async Task TellAsync(
        ControlWorld world, Guid deployment, IEnumerable<int> numbers, Func<int, Guid> revisionOf, JsonElement? data = null)
    {
        var workspace = (await world.DeploymentRowAsync(deployment)).WorkspaceId;
        await world.Host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            foreach (var number in numbers)
            {
                var of = new EventOf(workspace, deployment, revisionOf(number));
                await RevisionEvents.AddAsync(db, of, $"k{number}", TimeProvider.System.GetUtcNow(), $"k{number}", "Two\nlines.", data, Cancel);
            }

            await transaction.CommitAsync(Cancel);
            return 0;
        });
        world.Signals.EventsTold(new DeploymentId(deployment));
    }

    private sealed record Happened(string? Id, string Kind, JsonElement Data);

    /// <summary>Reads a stream as browsers do.</summary>
    private sealed class Stream(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public HttpResponseMessage Response => response;

        public List<Happened> Seen { get; } = [];

        public static async Task<Stream> OpenAsync(HttpClient client, string path, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
            foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            return new Stream(response, new StreamReader(await response.Content.ReadAsStreamAsync(Cancel)));
        }

        public async Task<Happened> UntilAsync(string kind)
        {
            while (true)
            {
                var next = await NextAsync() ?? throw new InvalidOperationException($"Ended before '{kind}': {string.Join(' ', Seen)}");
                Seen.Add(next);
                if (next.Kind == kind) return next;
            }
        }

        public Task<string> TextAsync() => reader.ReadToEndAsync(Cancel);

        public async Task UntilHeartbeatAsync()
        {
            while (await reader.ReadLineAsync(Cancel) is { } line && !line.StartsWith(':'))
            {
            }
        }

        public async Task<Happened?> NextAsync()
        {
            string? id = null, kind = null, data = null;
            while (await LineAsync() is { } line)
            {
                if (line.Length == 0 && data is not null) return new Happened(id, kind!, JsonSerializer.Deserialize<JsonElement>(data));
                if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
                else if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            }

            return null;
        }

        public void Dispose() => response.Dispose();

        private async Task<string?> LineAsync() => await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);
    }
}
