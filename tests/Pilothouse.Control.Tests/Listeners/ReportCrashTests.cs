using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>The store fails at every call of a report in turn; the listener sends it again, and the world ends the same.</summary>
public sealed class ReportCrashTests
{
    private const int MostCalls = 60;
    private readonly StoreFaults _faults = new();

    private static CancellationToken Cancel => ControlHost.Cancel;

    [Theory]
    [InlineData("deployed", RevisionStatus.Deployed)]
    [InlineData("failed", RevisionStatus.DeployFailed)]
    public async Task Report_that_is_cut_off_anywhere_counts_once_when_it_comes_again(string phase, RevisionStatus expected)
    {
        await using var world = await StartAsync();
        await AtEveryCallAsync(async () =>
        {
            var (deployment, revision, report) = await ReadyAsync(world, phase);
            return (() => world.Protocol.ReportAsync(report, Cancel), async () =>
            {
                Assert.Equal(expected, await world.StatusAsync(revision));
                Assert.Equal(2, (await world.DeploymentRowAsync(deployment)).Generation);
                Assert.Equal(phase == "failed" ? 1 : 0, (await world.LogsAsync(revision, isBuild: false)).Count);
                Assert.Single(await world.EventsAsync(deployment), one => one.Key == "told");
            }
            );
        });
    }

    [Fact]
    public async Task Deletion_that_is_cut_off_anywhere_is_finished_when_it_is_reported_again()
    {
        await using var world = await StartAsync();
        await AtEveryCallAsync(async () =>
        {
            var (deployment, revision, _) = await ReadyAsync(world, "deployed");
            var blob = world.BlobOf(await world.UploadAsync(deployment));
            await world.DeleteAsync(deployment);
            var generation = (await world.DeploymentRowAsync(deployment)).Generation;
            var report = new DeploymentReport { ListenerId = EmbeddedListener.Id, DeploymentId = deployment, Generation = generation, Phase = "deleted" };
            return (() => world.Protocol.ReportAsync(report, Cancel), async () =>
            {
                Assert.False(File.Exists(blob));
                Assert.Equal(0, await world.Host.WithDbAsync(db => db.Deployments.CountAsync(row => row.Id == deployment, Cancel)));
                Assert.Equal(0, await world.Host.WithDbAsync(db => db.Revisions.CountAsync(row => row.Id == revision, Cancel)));
                Assert.Equal(0, await world.Host.WithDbAsync(db => db.Events.CountAsync(row => row.DeploymentId == deployment, Cancel)));
            }
            );
        });
    }

    [Fact]
    public async Task Batch_of_lines_that_is_cut_off_anywhere_is_stored_once_when_it_comes_again()
    {
        await using var world = await StartAsync();
        await AtEveryCallAsync(async () =>
        {
            var (deployment, revision, _) = await ReadyAsync(world, "deployed");
            var workspace = (await world.DeploymentRowAsync(deployment)).WorkspaceId;
            var now = TimeProvider.System.GetUtcNow();
            var batch = new LogBatch(
                EmbeddedListener.Id, Guid.CreateVersion7(), [.. Enumerable.Range(0, 3).Select(number => new ReportedLog(workspace, deployment, revision, now, "INFO", $"{number}"))]);
            return (() => world.Protocol.SendLogsAsync(batch, Cancel), async () =>
                Assert.Equal(["0", "1", "2"], (await world.LogsAsync(revision, isBuild: false)).Select(line => line.Message)));
        });
    }

    private Task<ControlWorld> StartAsync() => ControlWorld.StartAsync(services: services =>
        services.InterceptStore(_faults, _faults.Commits));

    private async Task AtEveryCallAsync(Func<Task<(Func<Task> Send, Func<Task> Check)>> prepare)
    {
        var at = 0;
        bool wasStruck;
        do
        {
            at++;
            var one = at;
            var (send, check) = await prepare();
            _faults.ArmHere(number => number == one);
            wasStruck = await SendUntilTakenAsync(send);
            _faults.Disarm();
            await send();
            await check();
        }
        while (wasStruck && at < MostCalls);

        Assert.InRange(at, 5, MostCalls - 1);
    }

    /// <returns>Whether a fault was met.</returns>
    private static async Task<bool> SendUntilTakenAsync(Func<Task> send)
    {
        try
        {
            await send();
            return false;
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException)
        {
            await send();
            return true;
        }
    }

    private static async Task<(Guid Deployment, Guid Revision, DeploymentReport Report)> ReadyAsync(ControlWorld world, string phase)
    {
        var deployment = await world.DeploymentAsync();
        var revision = await world.AddRevisionAsync(deployment, row =>
        {
            row.Status = RevisionStatus.Deploying;
            (row.ArtifactDigest, row.LaunchSpec) = ("00", LaunchSpecJson.Write(FakeBuildEngine.Launch));
        });
        await world.Host.WithDbAsync(db => db.Deployments.Where(row => row.Id == deployment).ExecuteUpdateAsync(set => set.SetProperty(row => row.Generation, 1), Cancel));
        var report = new DeploymentReport
        {
            ListenerId = EmbeddedListener.Id,
            DeploymentId = deployment,
            Generation = 1,
            RevisionId = revision,
            Phase = phase,
            Message = "Why.",
            Events = [new ReportedEvent("told", TimeProvider.System.GetUtcNow(), "test", "Told.", Data: null)],
        };
        return (deployment, revision, report);
    }
}
