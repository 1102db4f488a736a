using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Tests.World;
using Pilothouse.Control.Uploads;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Uploads;

public sealed class UploadSweepTests
{
    private static readonly DateTimeOffset s_longAgo = TimeProvider.System.GetUtcNow().AddDays(-2);

    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task Uploads_are_kept_as_long_as_a_revision_may_need_them()
    {
        await using var world = await ControlWorld.StartAsync(settings: new() { ["Uploads:KeptRevisions"] = "2" });
        var deployment = await world.DeploymentAsync();
        var paths = new List<string>();
        foreach (var status in new[] { RevisionStatus.Deployed, RevisionStatus.BuildFailed, RevisionStatus.Queued, RevisionStatus.BuildFailed, RevisionStatus.Skipped })
        {
            var path = await world.UploadAsync(deployment, storedAt: s_longAgo);
            paths.Add(path);
            var revision = await world.AddRevisionAsync(deployment, row =>
            {
                row.Status = status;
                row.SourceRevisionConfig = $$"""{"source_tarball_path":"{{path}}"}""";
            });
            if (status == RevisionStatus.Deployed) await SetActiveAsync(world, deployment, revision);
        }

        var unused = await world.UploadAsync(deployment, storedAt: s_longAgo);
        var recent = await world.UploadAsync(deployment);
        await SweepAsync(world);

        // Serving; neither new nor needed; not ended; the two newest.
        Assert.Equal([true, false, true, true, true], paths.Select(path => File.Exists(world.BlobOf(path))));
        Assert.False(File.Exists(world.BlobOf(unused)));
        Assert.True(File.Exists(world.BlobOf(recent)));
        Assert.Equal(5, await world.Host.WithDbAsync(db => db.Uploads.CountAsync(Cancel)));
    }

    [Fact]
    public async Task Expired_and_unused_URLs_go_with_what_a_crash_left_of_them()
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var path = await world.UploadAsync(deployment, storedAt: s_longAgo);
        await world.Host.WithDbAsync(db => db.Uploads.ExecuteUpdateAsync(set => set.SetProperty(row => row.StoredAt, (DateTimeOffset?)null), Cancel));

        await SweepAsync(world);

        Assert.False(File.Exists(world.BlobOf(path)));
        Assert.Equal(0, await world.Host.WithDbAsync(db => db.Uploads.CountAsync(Cancel)));
    }

    [Fact]
    public async Task Start_removes_what_arrived_in_part_when_the_last_process_died()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-arriving-").FullName;
        try
        {
            var part = Path.Combine(directory, "blobs", "arriving", "1.part");
            Directory.CreateDirectory(Path.GetDirectoryName(part)!);
            await File.WriteAllTextAsync(part, "half", Cancel);

            await using var world = await ControlWorld.StartAsync(directory: directory);

            Assert.False(File.Exists(part));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task SweepAsync(ControlWorld world) => world.Host.Services.GetRequiredService<UploadSweep>().RunAsync(Cancel);

    private static Task<int> SetActiveAsync(ControlWorld world, Guid deployment, Guid revision) => world.Host.WithDbAsync(
        db => db.Deployments.Where(row => row.Id == deployment).ExecuteUpdateAsync(set => set.SetProperty(row => row.ActiveRevisionId, revision), Cancel));
}
