using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Revisions;

/// <summary>One control plane for the class; each test takes a deployment of its own in it.</summary>
public sealed class RollbackFixture : IAsyncLifetime
{
    internal FakeBuildEngine Engine { get; } = new();

    internal ControlWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await ControlWorld.StartAsync(Engine);

    public ValueTask DisposeAsync() => World.DisposeAsync();
}

public sealed class RollbackTests(RollbackFixture fixture) : IClassFixture<RollbackFixture>, IAsyncLifetime
{
    private readonly FakeBuildEngine _engine = fixture.Engine;
    private readonly ControlWorld _world = fixture.World;
    private Guid _deployment;

    public async ValueTask InitializeAsync() => _deployment = await _world.DeploymentAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Default_goes_back_to_what_was_deployed_before_without_a_build_and_a_second_call_makes_nothing()
    {
        var first = await DeployAsync(keepsArtifact: true);
        var second = await DeployAsync();
        var built = _engine.Requests.Count;

        var (status, body) = await PostAsync("rollback", new { reason = "wrong answers" });
        var (again, same) = await PostAsync("rollback");
        var made = body.GetProperty("revision_id").GetGuid();
        await _world.UntilAsync(made, RevisionStatus.AwaitingDeploy);
        await _world.ReportAsync(_deployment, made, "deployed");
        var (done, _) = await PostAsync("rollback", new { number = 1 });

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.OK), (status, again, done));
        Assert.Equal(made, same.GetProperty("revision_id").GetGuid());
        Assert.Equal(
            (first, 1, second, 2, 3, "wrong answers"),
            (body.GetProperty("target_revision_id").GetGuid(), body.GetProperty("target_number").GetInt32(), body.GetProperty("left_revision_id").GetGuid(),
                body.GetProperty("left_number").GetInt32(), body.GetProperty("number").GetInt32(), body.GetProperty("reason").GetString()));
        Assert.Equal(built, _engine.Requests.Count);
        Assert.Equal(3, (await _world.RevisionsAsync(_deployment)).Count);
        var row = await _world.RevisionRowAsync(made);
        Assert.Equal(SourceOf(await _world.RevisionRowAsync(first)), SourceOf(row));
        Assert.Equal(made, (await _world.DeploymentRowAsync(_deployment)).ActiveRevisionId);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync()).Status);
        Assert.Single(await _world.EventsAsync(_deployment), told => told.Kind == "rolled_back" && told.RevisionId == made);
    }

    [Fact]
    public async Task Many_at_once_make_one_revision()
    {
        await DeployAsync();
        await DeployAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync("rollback", new { number = 1 })));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Single(answers.Select(answer => answer.Body.GetProperty("revision_id").GetGuid()).Distinct());
        Assert.Equal(3, (await _world.RevisionsAsync(_deployment)).Count);
    }

    [Fact]
    public async Task What_is_under_way_or_late_from_before_never_comes_back()
    {
        await DeployAsync(keepsArtifact: true);
        await DeployAsync();
        var late = await _world.QueueAsync(_deployment);
        await _world.UntilAsync(late, RevisionStatus.AwaitingDeploy);
        await _world.ReportAsync(_deployment, late, "failed", report => report with { IsLate = true });
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var usual = _engine.Behaviour;
        _engine.Behaviour = async (_, _, stop) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            throw new InvalidOperationException("never");
        };
        var building = await _world.QueueAsync(_deployment);
        await begun.Task.WaitAsync(ControlHost.Cancel);
        _engine.Behaviour = usual;

        var (_, body) = await PostAsync("rollback", new { number = 1 });
        await _world.UntilAsync(body.GetProperty("revision_id").GetGuid(), RevisionStatus.AwaitingDeploy);
        await _world.ReportAsync(_deployment, late, "deployed");

        var interrupted = await _world.RevisionRowAsync(building);
        Assert.Equal((RevisionStatus.Interrupted, "The deployment was rolled back to revision 1."), (interrupted.Status, interrupted.StatusReason));
        Assert.Equal(RevisionStatus.DeployFailed, await _world.StatusAsync(late));
        Assert.Equal(4, body.GetProperty("left_number").GetInt32());
        await Eventually.ReadAsync(() => Task.FromResult(_engine.Running), running => running == 0, "its build ends");
    }

    [Fact]
    public async Task The_left_source_is_refused_until_resume_and_another_one_ends_the_rollback()
    {
        await DeployAsync();
        var left = await DeployAsync();
        var leftSource = (await _world.RevisionRowAsync(left)).SourceRevisionConfig;
        await PostAsync("rollback");

        var (refused, why) = await PatchAsync(leftSource);
        var (secretsOnly, _) = await SendAsync(HttpMethod.Patch, "", """{"secrets":[{"name":"A","value":"b"}]}""");
        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.OK), (refused, secretsOnly));
        Assert.Contains("which it left. To take it all the same", why.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync()).Status);

        var (resumed, was) = await PostAsync("resume");
        Assert.Equal((HttpStatusCode.OK, left), (resumed, was.GetProperty("left_revision_id").GetGuid()));
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("resume")).Status);
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync(leftSource)).Status);
    }

    [Fact]
    public async Task Another_source_or_a_redeploy_of_what_was_left_ends_the_rollback_and_says_so()
    {
        await DeployAsync();
        var left = await DeployAsync();

        await PostAsync("rollback", new { number = 1 });
        var path = await _world.UploadAsync(_deployment, "new source");
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync(Source(path))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync()).Status);

        await PostAsync("rollback", new { number = 1 });
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"revisions/{left}/redeploy")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync()).Status);
        Assert.Equal(2, (await _world.EventsAsync(_deployment)).Count(told => told.Kind == "resumed"));
    }

    [Fact]
    public async Task What_cannot_be_rolled_back_to_is_refused()
    {
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync("rollback")).Status);
        var first = await DeployAsync();
        var (nothing, nothingBefore) = await PostAsync("rollback");
        var (newest, isNewest) = await PostAsync("rollback", new { revision_id = first });
        var failed = await _world.AddRevisionAsync(_deployment, row => row.Status = RevisionStatus.BuildFailed);
        var (never, neverDeployed) = await PostAsync("rollback", new { revision_id = failed });

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Conflict), (nothing, newest, never));
        Assert.Contains("No revision before revision 1", nothingBefore.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("is the newest", isNewest.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("is BUILD_FAILED", neverDeployed.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("rollback", new { revision_id = first, number = 1 })).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("rollback", new { number = 0 })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("rollback", new { number = 99 })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("rollback", new { revision_id = Guid.NewGuid() })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync()).Status);
    }

    [Fact]
    public async Task A_further_step_back_leaves_what_the_first_one_left()
    {
        await DeployAsync(keepsArtifact: true);
        await DeployAsync(keepsArtifact: true);
        await DeployAsync();
        var (_, first) = await PostAsync("rollback");
        var made = first.GetProperty("revision_id").GetGuid();
        await _world.UntilAsync(made, RevisionStatus.AwaitingDeploy);
        await _world.ReportAsync(_deployment, made, "deployed");

        var (left, why) = await PostAsync("rollback", new { number = 3 });
        var (_, second) = await PostAsync("rollback");

        Assert.Equal(2, first.GetProperty("target_number").GetInt32());
        Assert.Equal(HttpStatusCode.Conflict, left);
        Assert.Contains("is what the rollback to revision 2 left", why.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal((1, 3, 5), (second.GetProperty("target_number").GetInt32(), second.GetProperty("left_number").GetInt32(), second.GetProperty("number").GetInt32()));
    }

    [Fact]
    public async Task Viewers_may_look_and_strangers_find_nothing()
    {
        await DeployAsync();
        await DeployAsync();
        await PostAsync("rollback");
        using var viewer = _world.Host.Client(await _world.Host.AddKeyAsync((await _world.Host.WorkspaceAsync()).Value, Roles.Viewer));
        var stranger = await Deployments.Api.InNewWorkspaceAsync(_world.Host);

        foreach (var path in new[] { "rollback", "resume" })
        {
            using var refused = await viewer.PostAsync(new Uri($"/v2/deployments/{_deployment}/{path}", UriKind.Relative), content: null, ControlHost.Cancel);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync($"/v2/deployments/{_deployment}/{path}")).Status);
        }

        foreach (var path in new[] { "rollback", "explain" })
        {
            using var shown = await viewer.GetAsync(new Uri($"/v2/deployments/{_deployment}/{path}", UriKind.Relative), ControlHost.Cancel);
            Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
            Assert.Equal($"Deployment ID {_deployment} not found.", (await stranger.GetAsync($"/v2/deployments/{_deployment}/{path}")).Detail);
        }
    }

    /// <summary>A revision of a source of its own that serves.</summary>
    private async Task<Guid> DeployAsync(bool keepsArtifact = false)
    {
        var path = await _world.UploadAsync(_deployment, $"{Guid.NewGuid()}");
        var revision = await _world.QueueAsync(_deployment, row => row.SourceRevisionConfig = Source(path));
        var row = await _world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);
        if (keepsArtifact) Directory.CreateDirectory(Path.Combine(_world.Host.Directory, "artifacts", row.ArtifactDigest!));
        await _world.ReportAsync(_deployment, revision, "deployed");
        return revision;
    }

    private static string Source(string path) => $$"""{"source_tarball_path":"{{path}}","langgraph_config_path":"langgraph.json"}""";

    private static string SourceOf(RevisionRow row) => JsonDocument.Parse(row.SourceRevisionConfig).RootElement.GetProperty("source_tarball_path").GetString()!;

    private Task<(HttpStatusCode Status, JsonElement Body)> GetAsync() => SendAsync(HttpMethod.Get, "/rollback", json: null);

    private Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, object? body = null) =>
        SendAsync(HttpMethod.Post, $"/{path}", body is null ? null : JsonSerializer.Serialize(body));

    private Task<(HttpStatusCode Status, JsonElement Body)> PatchAsync(string config) =>
        SendAsync(HttpMethod.Patch, "", $$"""{"revision_source":"internal_source","source_revision_config":{{config}}}""");

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? json)
    {
        using var client = _world.Host.Client();
        using var request = new HttpRequestMessage(method, new Uri($"/v2/deployments/{_deployment}{path}", UriKind.Relative));
        if (json is not null) request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request, ControlHost.Cancel);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(ControlHost.Cancel));
    }
}
