using System.Net;
using System.Text;
using Pilothouse.Client;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners.Remote;

/// <summary>A listener's key is for its listener, and for nothing else.</summary>
public sealed class ListenerKeyTests : IAsyncLifetime
{
    private RemoteWorld _world = null!;

    private static CancellationToken Cancel => ControlHost.Cancel;

    public async ValueTask InitializeAsync() => _world = await RemoteWorld.StartAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Listed_with_the_keys_of_the_workspace_and_told_from_them()
    {
        var keys = (await _world.Api.GetAsync("/v2/access/keys?limit=100")).Body.GetProperty("resources").EnumerateArray();

        var own = Assert.Single(keys, key => key.GetProperty("id").GetGuid() == _world.KeyId);
        Assert.Equal(("listener", "listener", _world.Listener), (own.GetProperty("kind").GetString(), own.GetProperty("role").GetString(), own.GetProperty("listener_id").GetGuid()));
    }

    [Theory]
    [InlineData("GET", "/v2/deployments")]
    [InlineData("POST", "/v2/deployments")]
    [InlineData("GET", "/v2/listeners")]
    [InlineData("GET", "/v2/access/keys")]
    [InlineData("POST", "/v2/access/keys")]
    [InlineData("GET", "/v2/auth/providers")]
    public async Task Opens_nothing_else(string method, string path)
    {
        using var client = _world.Control.Host.Client(_world.Key);
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path) { Content = method == "POST" ? new StringContent("{}", Encoding.UTF8, "application/json") : null };

        using var answer = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Calls_no_agents()
    {
        var check = _world.Control.Host.Services.GetService(typeof(Core.Routing.ICallerCheck)) as Core.Routing.ICallerCheck;

        Assert.False(await check!.MayCallAsync(_world.Api.Workspace, _world.Key, Cancel));
    }

    [Fact]
    public async Task Another_listener_is_closed_to_it_and_so_is_every_listener_to_the_workspaces_own_keys()
    {
        var other = Guid.Parse((await _world.Api.PostAsync("/v2/listeners", RemoteWorld.Process("other"))).Expect(HttpStatusCode.Created).Id);
        using var foreign = _world.Connect(_world.Key, other);
        var admin = await _world.Api.PostAsync($"/v2/listeners/{other}/protocol/lead", $$"""{"protocol":1,"instance_id":"{{Guid.NewGuid()}}","version":"1"}""");

        var refused = await Assert.ThrowsAsync<ApiException>(() => RemoteWorld.LeadAsync(foreign));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (refused.Status, admin.Status));
        Assert.Contains($"key of listener ID {other}", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployments_of_another_listener_are_neither_told_nor_reported_on()
    {
        var theirs = await _world.WantAsync(Guid.Parse((await _world.Api.PostAsync("/v2/listeners", RemoteWorld.Process("other"))).Id));
        var row = await _world.Control.DeploymentRowAsync(theirs);

        await _world.Connection.ReportAsync(
            new DeploymentReport { ListenerId = _world.Listener, DeploymentId = theirs, Generation = row.Generation, RevisionId = row.LatestRevisionId, Phase = "deployed" }, Cancel);
        await _world.Connection.SendLogsAsync(
            new LogBatch(_world.Listener, Guid.NewGuid(), [new ReportedLog(row.WorkspaceId, theirs, row.LatestRevisionId!.Value, TimeProvider.System.GetUtcNow(), "INFO", "mine")]), Cancel);

        Assert.Empty((await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel)).Deployments);
        Assert.Null((await _world.Control.DeploymentRowAsync(theirs)).ActiveRevisionId);
        Assert.Empty(await _world.Control.LogsAsync(row.LatestRevisionId.Value, isBuild: false));
    }

    [Fact]
    public async Task Revoking_it_ends_a_pull_that_waits()
    {
        var cursor = (await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel)).Cursor;
        var pull = _world.Connection.PullAsync(new PullRequest(_world.Listener, cursor, 60), Cancel);

        (await _world.Api.DeleteAsync($"/v2/access/keys/{_world.KeyId}")).Expect(HttpStatusCode.NoContent);

        var refused = await Assert.ThrowsAsync<ApiException>(() => pull.WaitAsync(Eventually.Limit, Cancel));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task Deleting_the_listener_ends_its_keys()
    {
        (await _world.Api.DeleteAsync($"/v2/listeners/{_world.Listener}")).Expect(HttpStatusCode.NoContent);

        var refused = await Assert.ThrowsAsync<ApiException>(() => RemoteWorld.LeadAsync(_world.Connection));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
    }

    [Theory]
    [InlineData("""{"name":"x","role":"listener"}""", "/v2/access/keys", HttpStatusCode.BadRequest)]
    [InlineData("""{"name":""}""", "/v2/listeners/{0}/keys", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"name":"x","expires_at":"2001-01-01T00:00:00Z"}""", "/v2/listeners/{0}/keys", HttpStatusCode.BadRequest)]
    public async Task Made_in_one_way_only(string body, string path, HttpStatusCode status) =>
        (await _world.Api.PostAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, path, _world.Listener), body)).Expect(status);

    [Fact]
    public async Task For_a_listener_of_another_workspace_there_is_none()
    {
        var elsewhere = await Api.InNewWorkspaceAsync(_world.Control.Host);

        var refused = await elsewhere.PostAsync($"/v2/listeners/{_world.Listener}/keys", """{"name":"x"}""");

        Assert.Equal((HttpStatusCode.NotFound, $"Listener ID {_world.Listener} not found."), (refused.Status, refused.Detail));
    }
}
