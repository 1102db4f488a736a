using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>What reports do to the store beyond the contract of the protocol.</summary>
public sealed class ReportTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task Deployed_sets_what_the_API_answers()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var (deployment, revision) = await ReadyAsync(world);

        await world.ReportAsync(deployment, revision, "deployed");

        var row = await world.DeploymentRowAsync(deployment);
        Assert.Equal((revision, "fake-server 1.0"), (row.ActiveRevisionId!.Value, row.ImageVersion));
        Assert.Contains(await world.EventsAsync(deployment), one => one.Kind == "deployed" && one.RevisionId == revision);
    }

    [Fact]
    public async Task Failure_leaves_the_serving_revision_and_says_why_in_the_log_without_secrets()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var (deployment, first) = await ReadyAsync(world);
        await world.ReportAsync(deployment, first, "deployed");
        var second = await world.QueueAsync(deployment, secrets: new Dictionary<string, string> { ["TOKEN"] = "hunter2-hunter2" });
        await world.UntilAsync(second, RevisionStatus.AwaitingDeploy);

        var happened = new ReportedEvent(
            "proof", TimeProvider.System.GetUtcNow(), "failing", "It printed hunter2-hunter2.",
            System.Text.Json.JsonSerializer.SerializeToElement(new { line = "hunter2-hunter2" }));
        await world.ReportAsync(deployment, second, "failed", report => report with
        {
            Message = "It ended: exit code 1. Its last lines: TOKEN=hunter2-hunter2",
            Events = [happened],
        });

        var failed = await world.RevisionRowAsync(second);
        Assert.Equal((RevisionStatus.DeployFailed, "It ended: exit code 1. Its last lines: TOKEN=***"), (failed.Status, failed.StatusReason));
        var line = Assert.Single(await world.LogsAsync(second, isBuild: false));
        Assert.Equal((3, failed.StatusReason), (line.Level, line.Message));
        Assert.Equal(first, (await world.DeploymentRowAsync(deployment)).ActiveRevisionId);
        Assert.Equal(first, (await world.WantedAsync(deployment))!.Active!.Id);
        Assert.DoesNotContain(await world.EventsAsync(deployment), one => (one.Message + one.Data).Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_told_of_a_deployment_as_a_whole_has_none_of_its_secrets()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync();
        var row = await world.DeploymentRowAsync(deployment);
        row.SecretValues = await world.Host.Services.GetRequiredService<SecretVault>().SealAsync(
            new WorkspaceId(row.WorkspaceId), new Dictionary<string, string> { ["TOKEN"] = "hunter2-hunter2" }, Cancel);
        var happened = new ReportedEvent(
            "proof", TimeProvider.System.GetUtcNow(), "swept", "It printed hunter2-hunter2.",
            System.Text.Json.JsonSerializer.SerializeToElement(new { line = "hunter2-hunter2" }));

        await world.Host.WithDbAsync(async db =>
        {
            await world.Host.Services.GetRequiredService<ReportedEvents>().KeepAsync(db, row, revision: null, [happened], Cancel);
            return true;
        });

        var told = Assert.Single(await world.EventsAsync(deployment), one => one.Kind == "swept");
        Assert.Equal(("It printed ***.", null), (told.Message, told.Data));
    }

    [Fact]
    public async Task Deleted_leaves_nothing_of_the_deployment_and_all_of_the_others()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var (deployment, revision) = await ReadyAsync(world);
        var (other, kept) = await ReadyAsync(world);
        foreach (var (owner, one) in new[] { (deployment, revision), (other, kept) })
        {
            await world.ReportAsync(owner, one, "deployed");
            await world.Protocol.SendLogsAsync(await BatchAsync(world, owner, one, "hello"), Cancel);
        }

        var folder = Path.GetDirectoryName(world.BlobOf(await world.UploadAsync(deployment)))!;
        await world.DeleteAsync(deployment);
        await world.ReportAsync(deployment, revision: null, "deleted");

        Assert.False(Directory.Exists(folder));
        Assert.Equal(0, await CountAsync(world, deployment));
        Assert.InRange(await CountAsync(world, other), 5, int.MaxValue);
        Assert.True(File.Exists(world.BlobOf(await world.UploadAsync(other))));
    }

    [Fact]
    public async Task Late_lines_of_a_deleted_deployment_are_dropped()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var (deployment, revision) = await ReadyAsync(world);
        var batch = await BatchAsync(world, deployment, revision, "late");
        await world.DeleteAsync(deployment);
        await world.ReportAsync(deployment, revision: null, "deleted");

        await world.Protocol.SendLogsAsync(batch, Cancel);

        Assert.Equal(0, await CountAsync(world, deployment));
    }

    [Fact]
    public async Task Deployments_of_another_listener_are_neither_told_nor_changed_by_the_embedded_one()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync(listener: Guid.CreateVersion7());
        var own = await world.DeploymentAsync(listener: EmbeddedListener.Id);
        var revision = await world.QueueAsync(deployment);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        await world.ReportAsync(deployment, revision, "deployed", report => report with
        {
            Events = [new ReportedEvent("x", TimeProvider.System.GetUtcNow(), "x", "x", Data: null)],
        });
        await world.Protocol.SendLogsAsync(await BatchAsync(world, deployment, revision, "foreign"), Cancel);

        var told = await world.Protocol.PullAsync(new PullRequest(EmbeddedListener.Id, 0, 0), Cancel);
        Assert.Equal([own], told.Deployments.Select(wanted => wanted.Id));
        Assert.Equal(RevisionStatus.AwaitingDeploy, await world.StatusAsync(revision));
        Assert.Empty(await world.LogsAsync(revision, isBuild: false));
        Assert.DoesNotContain(await world.EventsAsync(deployment), one => one.Kind == "x");
    }

    [Fact]
    public async Task Listener_that_is_not_registered_is_told_so()
    {
        await using var world = await ControlWorld.StartAsync();
        var stranger = Guid.NewGuid();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => world.Protocol.PullAsync(new PullRequest(stranger, 0, 0), Cancel));

        Assert.Contains(stranger.ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_that_name_another_workspace_or_deployment_are_dropped()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var (deployment, revision) = await ReadyAsync(world);
        var (other, _) = await ReadyAsync(world);
        var line = (await BatchAsync(world, deployment, revision, "good")).Lines[0];

        await world.Protocol.SendLogsAsync(
            new LogBatch(
                EmbeddedListener.Id, Guid.CreateVersion7(),
                [line with { WorkspaceId = Guid.NewGuid() }, line with { DeploymentId = other }, line with { RevisionId = Guid.NewGuid() }, line]),
            Cancel);

        Assert.Equal("good", Assert.Single(await world.LogsAsync(revision, isBuild: false)).Message);
    }

    [Fact]
    public async Task Revision_that_cannot_be_read_keeps_nobody_else_waiting()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var (broken, revision) = await ReadyAsync(world);
        var (good, next) = await ReadyAsync(world);
        await world.Host.WithDbAsync(db => db.Revisions.Where(row => row.Id == revision)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.SecretValues, new byte[] { 1 }), Cancel));

        var answer = await world.Protocol.PullAsync(new PullRequest(EmbeddedListener.Id, 0, 0), Cancel);

        Assert.Null(answer.Deployments.Single(wanted => wanted.Id == broken).Next);
        Assert.Equal(next, answer.Deployments.Single(wanted => wanted.Id == good).Next!.Id);
    }

    [Fact]
    public async Task Position_ahead_of_the_feed_answers_everything()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        await ReadyAsync(world);

        var answer = await world.Protocol.PullAsync(new PullRequest(EmbeddedListener.Id, 1_000_000, 30), Cancel);

        Assert.True(answer.IsFull);
        Assert.Single(answer.Deployments);
    }

    private static async Task<(Guid Deployment, Guid Revision)> ReadyAsync(ControlWorld world)
    {
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);
        return (deployment, revision);
    }

    private static async Task<LogBatch> BatchAsync(ControlWorld world, Guid deployment, Guid revision, string message) => new(
        EmbeddedListener.Id, Guid.CreateVersion7(),
        [new ReportedLog((await world.DeploymentRowAsync(deployment)).WorkspaceId, deployment, revision, TimeProvider.System.GetUtcNow(), "INFO", message)]);

    private static Task<int> CountAsync(ControlWorld world, Guid deployment) => world.Host.WithDbAsync(async db =>
        await db.Deployments.CountAsync(row => row.Id == deployment, Cancel)
        + await db.Revisions.CountAsync(row => row.DeploymentId == deployment, Cancel)
        + await db.Logs.CountAsync(row => row.DeploymentId == deployment, Cancel)
        + await db.Events.CountAsync(row => row.DeploymentId == deployment, Cancel)
        + await db.Uploads.CountAsync(row => row.DeploymentId == deployment, Cancel));
}
