using System.Collections.Concurrent;
using System.Net;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

/// <summary>The loops as they run in a control plane.</summary>
public sealed class RevisionLoopTests
{
    private static readonly Dictionary<string, string?> s_quick = new() { ["Reconciling:RetryPause"] = "00:00:00.020" };

    [Fact]
    public async Task Queued_revision_is_built_and_wanted_of_the_listener()
    {
        var engine = new FakeBuildEngine();
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment, row => row.InstallCommand = "npm ci");
        var row = await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        var request = Assert.Single(engine.Requests);
        Assert.Equal("langgraph.json", request.ConfigPath);
        Assert.Equal("npm ci", request.InstallCommand);
        Assert.Equal("tarball", await File.ReadAllTextAsync(((BuildSource.Tarball)request.Source).File, ControlHost.Cancel));
        Assert.Equal("fake-server 1.0", row.ServerVersion);
        Assert.Null(row.LeaseOwner);
        Assert.Equal(row.ArtifactDigest, (await world.WantedAsync(deployment))!.Next!.ArtifactDigest);
        Assert.Equal(["ready_to_build", "build_started", "build_succeeded"], (await world.EventsAsync(deployment)).Select(one => one.Kind));
    }

    [Fact]
    public async Task Newest_queued_revision_goes_on_and_the_others_are_skipped()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, _) =>
        {
            if (engine.Requests.Count == 1) await gate.Task;
            return FakeBuildEngine.BuiltOf(request);
        };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();
        var first = await world.QueueAsync(deployment);
        await world.UntilAsync(first, RevisionStatus.Building);

        var second = await world.QueueAsync(deployment);
        var third = await world.QueueAsync(deployment);
        var fourth = await world.QueueAsync(deployment);
        Assert.Equal([RevisionStatus.Building, RevisionStatus.Queued, RevisionStatus.Queued, RevisionStatus.Queued], await StatusesAsync(world, deployment));
        gate.SetResult();
        await world.UntilAsync(first, RevisionStatus.AwaitingDeploy);
        await world.ReportAsync(deployment, first, "deployed");
        await world.UntilAsync(fourth, RevisionStatus.AwaitingDeploy);

        Assert.Equal(
            [RevisionStatus.Deployed, RevisionStatus.Skipped, RevisionStatus.Skipped, RevisionStatus.AwaitingDeploy],
            await StatusesAsync(world, deployment));
        Assert.Equal("Revision 4 was queued behind it and went on in its place.", (await world.RevisionRowAsync(second)).StatusReason);
        Assert.Equal(2, engine.Requests.Count);
        var skipped = (await world.EventsAsync(deployment)).Where(one => one.Kind == "skipped").Select(one => one.RevisionId!.Value);
        Assert.Equal(new HashSet<Guid> { second, third }, skipped.ToHashSet());
    }

    [Fact]
    public async Task Refused_build_ends_in_BUILD_FAILED_with_the_reason_in_its_log()
    {
        var engine = new FakeBuildEngine
        {
            Behaviour = (_, log, _) =>
            {
                log.Write("INFO", "installing");
                log.Write("ERROR", "langgraph.json: there is no graph.");
                return Task.FromResult<BuildOutcome>(new BuildOutcome.Refused("langgraph.json: there is no graph."));
            },
        };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment);
        var row = await world.UntilAsync(revision, RevisionStatus.BuildFailed);

        Assert.Equal("langgraph.json: there is no graph.", row.StatusReason);
        Assert.Equal(["installing", "langgraph.json: there is no graph."], (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message));
        Assert.Null((await world.WantedAsync(deployment))!.Next);
    }

    [Fact]
    public async Task Build_log_is_whole_before_the_status_leaves_BUILDING()
    {
        var engine = new FakeBuildEngine
        {
            Behaviour = (request, log, _) =>
            {
                for (var line = 0; line < 2_000; line++) log.Write("INFO", $"line {line}");
                return Task.FromResult<BuildOutcome>(FakeBuildEngine.BuiltOf(request));
            },
        };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        Assert.Equal(Enumerable.Range(0, 2_000).Select(line => $"line {line}"), (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message));
    }

    [Fact]
    public async Task Outside_failure_is_tried_again_and_told()
    {
        var engine = new FakeBuildEngine();
        engine.Behaviour = (request, _, _) => engine.Requests.Count < 3
            ? throw new BuildUnavailableException("The registry does not answer.")
            : Task.FromResult<BuildOutcome>(FakeBuildEngine.BuiltOf(request));
        await using var world = await ControlWorld.StartAsync(engine, s_quick);
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        Assert.Equal(
            ["The registry does not answer. Tried 1 of 4 times; again in 0 s.", "The registry does not answer. Tried 2 of 4 times; again in 0 s."],
            (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message));
    }

    [Fact]
    public async Task Outside_failure_that_stays_ends_in_BUILD_FAILED()
    {
        var engine = new FakeBuildEngine { Behaviour = (_, _, _) => throw new BuildUnavailableException("The registry does not answer.") };
        await using var world = await ControlWorld.StartAsync(engine, s_quick);
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment);
        var row = await world.UntilAsync(revision, RevisionStatus.BuildFailed);

        Assert.Equal(4, engine.Requests.Count);
        Assert.Equal("The registry does not answer. It was tried 4 times; when that is mended, deploy again.", row.StatusReason);
        Assert.Equal(row.StatusReason, (await world.LogsAsync(revision, isBuild: true))[^1].Message);
    }

    [Fact]
    public async Task Fault_inside_the_engine_does_not_build_for_ever()
    {
        var engine = new FakeBuildEngine { Behaviour = (_, _, _) => throw new InvalidOperationException("A bug.") };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment);
        var row = await world.UntilAsync(revision, RevisionStatus.BuildFailed);

        Assert.Equal(4, engine.Requests.Count);
        Assert.Contains("inside Pilothouse", row.StatusReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupt_stops_the_build_and_the_next_revision_goes_on()
    {
        var stopped = new TaskCompletionSource();
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, cancellationToken) =>
        {
            if (engine.Requests.Count > 1) return FakeBuildEngine.BuiltOf(request);
            await using var registration = cancellationToken.Register(stopped.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException("Never reached.");
        };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();
        var first = await world.QueueAsync(deployment);
        await world.UntilAsync(first, RevisionStatus.Building);
        await Eventually.TrueAsync(() => engine.Running == 1);
        var second = await world.QueueAsync(deployment);

        using var client = world.Host.Client();
        using var answer = await client.PostAsync($"/v2/deployments/{deployment}/revisions/{first}/interrupt", content: null, ControlHost.Cancel);
        await stopped.Task.WaitAsync(Eventually.Limit, ControlHost.Cancel);
        await world.UntilAsync(second, RevisionStatus.AwaitingDeploy);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"status\":\"INTERRUPTED\"", await answer.Content.ReadAsStringAsync(ControlHost.Cancel), StringComparison.Ordinal);
        Assert.Equal(RevisionStatus.Interrupted, await world.StatusAsync(first));
        using var again = await client.PostAsync($"/v2/deployments/{deployment}/revisions/{first}/interrupt", content: null, ControlHost.Cancel);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Contains("is INTERRUPTED", await again.Content.ReadAsStringAsync(ControlHost.Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleting_a_deployment_stops_its_build()
    {
        var engine = new FakeBuildEngine
        {
            Behaviour = async (_, _, cancellationToken) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                throw new InvalidOperationException("Never reached.");
            },
        };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();
        var building = await world.QueueAsync(deployment);
        await Eventually.TrueAsync(() => engine.Running == 1);
        var queued = await world.QueueAsync(deployment);

        await world.DeleteAsync(deployment);

        await Eventually.TrueAsync(() => engine.Running == 0);
        await world.UntilAsync(building, RevisionStatus.Interrupted);
        await world.UntilAsync(queued, RevisionStatus.Interrupted);
    }

    [Fact]
    public async Task Concurrent_builds_are_limited_and_all_come_to_their_turn()
    {
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            return FakeBuildEngine.BuiltOf(request);
        };
        await using var world = await ControlWorld.StartAsync(engine, new() { ["Reconciling:ConcurrentBuilds"] = "3" });
        var revisions = new ConcurrentBag<Guid>();

        for (var number = 0; number < 12; number++) revisions.Add(await world.QueueAsync(await world.DeploymentAsync()));
        foreach (var revision in revisions) await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        Assert.InRange(engine.MostAtOnce, 1, 3);
        Assert.Equal(12, engine.Requests.Count);
    }

    [Theory]
    [InlineData("external_docker")]
    [InlineData("internal_docker")]
    public async Task Image_says_which_runtime_is_missing(string source)
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync(source);

        var revision = await world.QueueAsync(deployment, row => row.SourceRevisionConfig = """{"image_uri":"registry.example/app@sha256:00"}""");
        var row = await world.UntilAsync(revision, RevisionStatus.DeployFailed);

        Assert.Contains("no runtime that runs images", row.StatusReason, StringComparison.Ordinal);
        Assert.Equal(row.StatusReason, Assert.Single(await world.LogsAsync(revision, isBuild: false)).Message);
    }

    [Theory]
    [InlineData("github", """{"repo_ref":"main"}""", "cannot be built here")]
    [InlineData("internal_source", "{}", "names no uploaded source")]
    [InlineData("internal_source", "not json", "names no uploaded source")]
    [InlineData("internal_source", """{"source_tarball_path":"uploads/elsewhere.tar.gz"}""", "is not there")]
    [InlineData("internal_source", """{"source_tarball_path":"../../../etc/passwd"}""", "is not there")]
    public async Task Source_that_cannot_be_built_ends_in_BUILD_FAILED_that_says_why(string source, string config, string expected)
    {
        var engine = new FakeBuildEngine();
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync(source);

        var revision = await world.QueueAsync(deployment, row => row.SourceRevisionConfig = config);
        var row = await world.UntilAsync(revision, RevisionStatus.BuildFailed);

        Assert.Contains(expected, row.StatusReason, StringComparison.Ordinal);
        Assert.Equal(row.StatusReason, Assert.Single(await world.LogsAsync(revision, isBuild: true)).Message);
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Uploads_of_another_deployment_are_not_built()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var foreign = await world.UploadAsync(await world.DeploymentAsync());
        var deployment = await world.DeploymentAsync();

        var revision = await world.QueueAsync(deployment, row => row.SourceRevisionConfig = $$"""{"source_tarball_path":"{{foreign}}"}""");

        Assert.Contains("is not there", (await world.UntilAsync(revision, RevisionStatus.BuildFailed)).StatusReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revision_whose_artifact_is_there_needs_no_build()
    {
        var engine = new FakeBuildEngine();
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();
        Directory.CreateDirectory(Path.Combine(world.Host.Directory, "artifacts", "abc"));

        var revision = await world.QueueAsync(deployment, row => (row.ArtifactDigest, row.LaunchSpec) = ("abc", Core.Launching.LaunchSpecJson.Write(FakeBuildEngine.Launch)));
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        Assert.Empty(engine.Requests);
        Assert.Equal("abc", (await world.WantedAsync(deployment))!.Next!.ArtifactDigest);
    }

    [Fact]
    public async Task Revision_that_needs_no_build_fails_when_its_secrets_do_not_open()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync();
        Directory.CreateDirectory(Path.Combine(world.Host.Directory, "artifacts", "abc"));

        var revision = await world.QueueAsync(deployment, row =>
            (row.ArtifactDigest, row.LaunchSpec, row.SecretValues) = ("abc", Core.Launching.LaunchSpecJson.Write(FakeBuildEngine.Launch), [1, 2, 3]));
        var failed = await world.UntilAsync(revision, RevisionStatus.DeployFailed);

        Assert.Contains("secrets", failed.StatusReason, StringComparison.Ordinal);
        Assert.Equal(failed.StatusReason, Assert.Single(await world.LogsAsync(revision, isBuild: false)).Message);
        Assert.Null((await world.WantedAsync(deployment))?.Next);
    }

    [Fact]
    public async Task T31_poisoned_deployments_do_not_stall_the_others()
    {
        var engine = new FakeBuildEngine();
        var poisoned = Guid.Empty;
        engine.Behaviour = (request, log, _) =>
        {
            if (request.Deployment.Value != poisoned) return Task.FromResult<BuildOutcome>(FakeBuildEngine.BuiltOf(request));
            log.Write("INFO", new string('x', 100_000_000));
            throw new InvalidOperationException("Poison.");
        };
        await using var world = await ControlWorld.StartAsync(engine, new() { ["Reconciling:ConcurrentBuilds"] = "1" });
        poisoned = await world.DeploymentAsync();
        var tampered = await world.DeploymentAsync();
        var huge = await world.DeploymentAsync();

        var bad = await world.QueueAsync(poisoned);
        var unreadable = await world.QueueAsync(tampered, row => row.SecretValues = [1, 2, 3]);
        var large = await world.QueueAsync(huge, secrets: new Dictionary<string, string> { ["BIG"] = new('y', 10_000_000) });
        var good = await world.QueueAsync(await world.DeploymentAsync());

        await world.UntilAsync(good, RevisionStatus.AwaitingDeploy);
        await world.UntilAsync(large, RevisionStatus.AwaitingDeploy);
        Assert.Contains("secrets", (await world.UntilAsync(unreadable, RevisionStatus.BuildFailed)).StatusReason, StringComparison.Ordinal);
        await world.UntilAsync(bad, RevisionStatus.BuildFailed);
        Assert.All(await world.LogsAsync(bad, isBuild: true), line => Assert.InRange(line.Message.Length, 1, 9_000));
    }

    private static async Task<IEnumerable<RevisionStatus>> StatusesAsync(ControlWorld world, Guid deployment) =>
        (await world.RevisionsAsync(deployment)).Select(row => row.Status);
}
