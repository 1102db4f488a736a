using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Events;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Idempotency;

public sealed class PreferWaitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Theory]
    [InlineData("create")]
    [InlineData("patch")]
    [InlineData("revisions")]
    [InlineData("redeploy")]
    public async Task Answer_comes_when_the_revision_has_ended(string call)
    {
        var api = await fixture.NewAsync();
        var existing = call is "create" ? null : await api.CreateExternalAsync();
        var id = existing?.Id;

        var answered = call switch
        {
            "create" => WaitingAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "respond-async, wait=60"),
            "patch" => WaitingAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", """{"secrets":[{"name":"A","value":"1"}]}""", "wait=60"),
            "revisions" => WaitingAsync(api, HttpMethod.Post, $"/v2/deployments/{id}/revisions", null, "wait=\"60\""),
            _ => WaitingAsync(api, HttpMethod.Post, $"/v2/deployments/{id}/revisions/{existing!.Text_("latest_revision_id")}/redeploy", null, "wait=60"),
        };
        var revision = await NewestAsync(api, call is "create" ? 1 : 2);
        await UntilWatchedAsync(api, revision.DeploymentId);
        Assert.False(answered.IsCompleted);
        await EndAsync(api, revision);
        var reply = await answered;

        reply.Expect(call is "create" or "revisions" ? HttpStatusCode.Created : HttpStatusCode.OK);
        Assert.Equal("wait=60", reply.Headers.GetValues("Preference-Applied").Single());
        if (call is "revisions") Assert.Equal("DEPLOYED", reply.Text_("status"));
        else Assert.Equal(revision.Id.ToString(), reply.Text_("active_revision_id"));
    }

    [Fact]
    public async Task What_makes_no_revision_is_answered_at_once()
    {
        var api = await fixture.NewAsync();

        var created = await WaitingAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("app"), "wait=600");
        var patched = await WaitingAsync(api, HttpMethod.Patch, $"/v2/deployments/{created.Id}", "{}", "wait=100000");
        var refused = await WaitingAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("app"), "wait=600");

        Assert.Equal("wait=600", created.Expect(HttpStatusCode.Created).Headers.GetValues("Preference-Applied").Single());
        Assert.Equal("wait=600", patched.Expect(HttpStatusCode.OK).Headers.GetValues("Preference-Applied").Single());
        Assert.False(refused.Expect(HttpStatusCode.Conflict).Headers.Contains("Preference-Applied"));
    }

    [Theory]
    [InlineData("wait=0", "wait=0")]
    [InlineData("wait=1", "wait=1")]
    [InlineData("wait=0, wait=600", "wait=0")]
    [InlineData("wait=-1", null)]
    [InlineData("wait=soon", null)]
    [InlineData("waiting=5", null)]
    [InlineData("return=minimal", null)]
    public async Task Time_that_passes_ends_the_wait_and_what_is_malformed_is_ignored(string prefer, string? applied)
    {
        var api = await fixture.NewAsync();

        var reply = await WaitingAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), prefer);

        reply.Expect(HttpStatusCode.Created);
        Assert.Equal(applied, reply.Headers.TryGetValues("Preference-Applied", out var values) ? values.Single() : null);
        Assert.Null(reply.Text_("active_revision_id"));
    }

    [Fact]
    public async Task Client_that_leaves_ends_the_wait_only_and_its_repeated_request_waits_on()
    {
        var api = await fixture.NewAsync();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/deployments")
        {
            Content = new StringContent(Bodies.External("app"), System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Prefer", "wait=60");
        request.Headers.Add("Idempotency-Key", "k");

        var left = api.Client.SendAsync(request, leaving.Token);
        var revision = await NewestAsync(api, 1);
        await UntilWatchedAsync(api, revision.DeploymentId);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await UntilWatchedAsync(api, revision.DeploymentId, isWatched: false);
        var again = AgainAsync();
        await UntilWatchedAsync(api, revision.DeploymentId);
        await EndAsync(api, revision);

        var reply = await again;
        Assert.Equal(revision.Id.ToString(), reply.Expect(HttpStatusCode.Created).Text_("active_revision_id"));
        Assert.Single(await api.RevisionsAsync(reply.Id));

        // The first is released when its answer's fate is known, a moment after its wait.
        async Task<Reply> AgainAsync() => await Eventually.ReadAsync(
            () => api.SendAsync(HttpMethod.Post, "/v2/deployments", Bodies.External("app"), ("Idempotency-Key", "k"), ("Prefer", "wait=60")),
            answer => answer.Status != HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task More_than_may_wait_are_answered_at_once()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Events:MaxWaitsPerWorkspace"] = "1" });
        var api = await Api.InNewWorkspaceAsync(host);

        var first = WaitingAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("one"), "wait=60");
        var revision = await NewestAsync(api, 1);
        await UntilWatchedAsync(api, revision.DeploymentId);
        var second = await WaitingAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("two"), "wait=60");
        await EndAsync(api, revision);

        Assert.False(second.Expect(HttpStatusCode.Created).Headers.Contains("Preference-Applied"));
        Assert.True((await first).Headers.Contains("Preference-Applied"));
    }

    private static Task<Reply> WaitingAsync(Api api, HttpMethod method, string path, string? json, string prefer) =>
        api.SendAsync(method, path, json, ("Prefer", prefer));

    private static async Task<Control.Storage.RevisionRow> NewestAsync(Api api, int number) => (await Eventually.ReadAsync<Control.Storage.RevisionRow?>(
        () => api.Host.WithDbAsync(db => db.Revisions.AsNoTracking()
            .SingleOrDefaultAsync(row => row.WorkspaceId == api.Workspace.Value && row.Number == number, Cancel)),
        row => row is not null))!;

    private static Task UntilWatchedAsync(Api api, Guid deployment, bool isWatched = true) => Eventually.TrueAsync(
        () => api.Host.Services.GetRequiredService<DeploymentWatches>().IsWatched(new DeploymentId(deployment)) == isWatched);

    private static async Task EndAsync(Api api, Control.Storage.RevisionRow revision)
    {
        // The status last: whoever waits looks for it.
        await api.ChangeAsync(revision.DeploymentId.ToString(), row => row.ActiveRevisionId = revision.Id);
        await api.SetStatusAsync(revision.Id.ToString(), RevisionStatus.Deployed);
        api.Host.Services.GetRequiredService<ControlSignals>().RevisionChanged(new DeploymentId(revision.DeploymentId));
    }
}
