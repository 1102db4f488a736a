using System.Net;
using System.Net.Sockets;
using System.Text;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Overload;

/// <summary>Section <c>Overload</c>: what is too much is refused at once, and everybody else does not notice.</summary>
public sealed class RequestLimitsTests
{
    private const string Some = "/v2/deployments?limit=1";

    [Fact]
    public async Task Key_that_sends_too_much_is_told_when_to_come_again_and_other_keys_are_answered()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Overload:KeyRequestsPerSecond"] = "1", ["Overload:KeyBurst"] = "3" });
        var api = await Api.InNewWorkspaceAsync(host);
        var other = await Api.InNewWorkspaceAsync(host);

        for (var request = 0; request < 3; request++) (await api.GetAsync(Some)).Expect(HttpStatusCode.OK);
        var refused = (await api.GetAsync(Some)).Expect(HttpStatusCode.TooManyRequests);

        Assert.Contains("Overload:KeyRequestsPerSecond", refused.Detail, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        (await other.GetAsync(Some)).Expect(HttpStatusCode.OK);

        // What it says is true: after that time there is room again.
        await Eventually.ReadAsync(async () => (await api.GetAsync(Some)).Status, status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Keys_of_one_workspace_share_its_rate()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Overload:WorkspaceRequestsPerSecond"] = "1", ["Overload:WorkspaceBurst"] = "4" });
        var workspace = await host.WorkspaceAsync();
        using var one = host.Client(await host.AddKeyAsync(workspace.Value));
        using var two = host.Client(await host.AddKeyAsync(workspace.Value));

        var statuses = new List<HttpStatusCode>();
        foreach (var client in (HttpClient[])[one, two, one, two, one])
        {
            using var answer = await client.GetAsync(new Uri(Some, UriKind.Relative), ControlHost.Cancel);
            statuses.Add(answer.StatusCode);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.All(statuses[..^1], status => Assert.Equal(HttpStatusCode.OK, status));
    }

    [Fact]
    public async Task Refused_request_did_nothing_and_may_be_repeated_with_its_idempotency_key()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Overload:KeyRequestsPerSecond"] = "1", ["Overload:KeyBurst"] = "1" });
        var api = await Api.InNewWorkspaceAsync(host);
        (await api.GetAsync(Some)).Expect(HttpStatusCode.OK);

        (await CreateAsync(api)).Expect(HttpStatusCode.TooManyRequests);
        Assert.Empty(await host.WithDbAsync(db => Task.FromResult(db.Deployments.Where(row => row.WorkspaceId == api.Workspace.Value).ToList())));

        await Eventually.ReadAsync(async () => (await CreateAsync(api)).Status, status => status == HttpStatusCode.Created);
    }

    [Fact]
    public async Task Requests_beyond_those_that_are_taken_on_are_refused_at_once_and_those_that_wait_take_no_place()
    {
        await using var world = await ControlWorld.StartAsync(settings: new() { ["Overload:ConcurrentRequests"] = "2" });
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var deployment = await api.CreateAsync("followed");

        // Three streams, and only two places.
        var streams = new List<Stream>();
        for (var stream = 0; stream < 3; stream++) streams.Add(await FollowAsync(api, deployment));
        (await api.GetAsync(Some)).Expect(HttpStatusCode.OK);

        var (held, refused) = await HoldAsync(api, 6);
        Assert.Equal(2, held.Count);
        Assert.All(refused, reply =>
        {
            Assert.StartsWith("HTTP/1.1 503", reply, StringComparison.Ordinal);
            Assert.Contains("Retry-After: 1", reply, StringComparison.Ordinal);
        });
        foreach (var request in held) request.Dispose();
        await Eventually.ReadAsync(async () => (await api.GetAsync(Some)).Status, status => status == HttpStatusCode.OK);
        foreach (var stream in streams) await stream.DisposeAsync();
    }

    [Fact]
    public async Task Workspace_that_holds_its_requests_open_leaves_room_for_the_others()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Overload:ConcurrentRequestsPerWorkspace"] = "2" });
        var (api, other) = (await Api.InNewWorkspaceAsync(host), await Api.InNewWorkspaceAsync(host));

        var (held, refused) = await HoldAsync(api, 5);

        Assert.Equal(2, held.Count);
        Assert.All(refused, reply => Assert.StartsWith("HTTP/1.1 429", reply, StringComparison.Ordinal));
        (await other.GetAsync(Some)).Expect(HttpStatusCode.OK);
        foreach (var request in held) request.Dispose();
        await Eventually.ReadAsync(async () => (await api.GetAsync(Some)).Status, status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Uploads_beyond_those_that_are_taken_on_are_refused_and_may_come_again()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Overload:ConcurrentUploads"] = "1" });
        var api = await Api.InNewWorkspaceAsync(host);
        var deployment = await api.CreateAsync("uploaded");
        var (first, second) = (await UploadUrlAsync(api, deployment), await UploadUrlAsync(api, deployment));
        using var held = new OpenRequest(host);
        Assert.StartsWith(OpenRequest.GoesOn, await held.BeginAsync($"PUT {first.AbsolutePath}", key: null), StringComparison.Ordinal);
        using var client = host.Client(null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PutAsync(client, second));
        held.Dispose();
        await Eventually.ReadAsync(async () => await PutAsync(client, second), status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Connection_beyond_those_that_may_be_is_closed_and_there_is_room_again_when_others_end()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Overload:ConcurrentConnections"] = "2" });
        using var one = new OpenRequest(host);
        using var two = new OpenRequest(host);
        Assert.NotEqual("", await one.BeginAsync("POST /v2/deployments", key: null));
        Assert.NotEqual("", await two.BeginAsync("POST /v2/deployments", key: null));

        using (var three = new OpenRequest(host)) Assert.Equal("", await three.BeginAsync("POST /v2/deployments", key: null));

        one.Dispose();
        await Eventually.ReadAsync(
            async () =>
            {
                using var again = new OpenRequest(host);
                return await again.BeginAsync("POST /v2/deployments", key: null);
            },
            answer => answer.Length > 0);
    }

    private static async Task<Uri> UploadUrlAsync(Api api, string deployment) =>
        new((await api.PostAsync($"/v2/deployments/{deployment}/upload-url", "{}")).Expect(HttpStatusCode.OK).Text_("upload_url")!);

    private static async Task<HttpStatusCode> PutAsync(HttpClient client, Uri url)
    {
        using var body = new ByteArrayContent([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0]);
        using var answer = await client.PutAsync(url, body, ControlHost.Cancel);
        return answer.StatusCode;
    }

    private static Task<Reply> CreateAsync(Api api) =>
        api.SendAsync(HttpMethod.Post, "/v2/deployments", Bodies.Internal("too-much"), ("Idempotency-Key", "k"));

    private static async Task<Stream> FollowAsync(Api api, string deployment)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/deployments/{deployment}/events");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ControlHost.Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStreamAsync(ControlHost.Cancel);
    }

    private static async Task<(IReadOnlyList<OpenRequest> Held, IReadOnlyList<string> Refused)> HoldAsync(Api api, int count)
    {
        var held = new List<OpenRequest>();
        var refused = new List<string>();
        for (var number = 0; number < count; number++)
        {
            var request = new OpenRequest(api.Host);
            var answer = await request.BeginAsync("POST /v2/deployments", api.Client.DefaultRequestHeaders.GetValues("X-Api-Key").Single());
            if (answer.StartsWith(OpenRequest.GoesOn, StringComparison.Ordinal))
            {
                held.Add(request);
                continue;
            }

            refused.Add(answer);
            request.Dispose();
        }

        return (held, refused);
    }

    /// <summary>A request whose body does not come: the server says that it reads it (RFC 9110, 10.1.1), or refuses.</summary>
    private sealed class OpenRequest(ControlHost host) : IDisposable
    {
        public const string GoesOn = "HTTP/1.1 100";

        private readonly TcpClient _socket = new(host.Address.Host, host.Address.Port);

        /// <returns>The head of the first answer; empty when the connection was closed instead.</returns>
        public async Task<string> BeginAsync(string what, string? key)
        {
            var stream = _socket.GetStream();
            var head = $"{what} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n";
            if (key is not null) head += $"X-Api-Key: {key}\r\n";
            var answer = new byte[4096];
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "\r\n"), ControlHost.Cancel);
                return Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer, ControlHost.Cancel));
            }
            catch (IOException)
            {
                return "";
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
