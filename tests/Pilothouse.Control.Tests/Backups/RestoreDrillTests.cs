using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Backups;

/// <summary>T40: what is backed up while people work comes back elsewhere, and is measured.</summary>
public sealed class RestoreDrillTests(BackupFixture fixture) : BackupTest(fixture)
{
    [Fact]
    public async Task T40_Backup_taken_while_writes_go_on_comes_back_elsewhere_row_for_row_with_every_secret()
    {
        var file = NewFile();
        var acknowledged = new List<string>();
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var writers = Enumerable.Range(0, 3).Select(writer => WriteAsync(writer, acknowledged, writing.Token)).ToArray();
        await Testing.Eventually.TrueAsync(() => CountOf(acknowledged) >= 10, "ten deployments are acknowledged");

        List<string> before;
        lock (acknowledged) before = [.. acknowledged];
        var began = Stopwatch.GetTimestamp();
        await BackUpAsync(file);
        var backup = Stopwatch.GetElapsedTime(began);
        await writing.CancelAsync();
        await Task.WhenAll(writers);

        var directory = NewDirectory();
        began = Stopwatch.GetTimestamp();
        await using (var store = new OfflineStore(directory))
        {
            var restored = await store.Backups.RestoreAsync(file, Cancel);
            Assert.Empty(restored.MissingBlobs);
            var secrets = await store.Backups.CheckSecretsAsync(Cancel);
            Assert.Empty(secrets.Unreadable);
            Assert.InRange(secrets.Opened, before.Count * 2, int.MaxValue);
        }

        var restore = Stopwatch.GetElapsedTime(began);
        var rows = await BackupFiles.RowsAsync(file);
        Assert.Equal(rows, await RowsOfStoreAsync(directory));

        // One moment: whoever has a latest revision has it in the backup, and all that was acknowledged before is there.
        await using var world = await ControlWorld.StartAsync(directory: directory);
        var deployments = await world.Host.WithDbAsync(db => db.Deployments.AsNoTracking().ToListAsync(Cancel));
        var revisions = await world.Host.WithDbAsync(db => db.Revisions.AsNoTracking().ToListAsync(Cancel));
        Assert.Subset(deployments.Select(row => row.Id.ToString()).ToHashSet(StringComparer.Ordinal), before.ToHashSet(StringComparer.Ordinal));
        foreach (var deployment in deployments)
        {
            Assert.Equal(deployment.LatestRevisionId, revisions.Where(row => row.DeploymentId == deployment.Id).MaxBy(row => row.Number)?.Id);
        }

        await AssertServesAsync(world);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"T40: {rows.Count} rows of {deployments.Count} deployments in {new FileInfo(file).Length / 1024} KiB; backed up in {backup.TotalMilliseconds:0} ms while {CountOf(acknowledged)} creations were acknowledged; restored, and every secret opened, in {restore.TotalMilliseconds:0} ms."));
    }

    [Fact]
    public async Task Numbers_that_were_given_out_are_not_given_out_again_after_a_restore()
    {
        var file = NewFile();
        await Api.CreateExternalAsync("numbered");
        var last = await World.Host.WithDbAsync(db => db.Events.MaxAsync(row => row.Sequence, Cancel));
        await World.Host.WithDbAsync(db => db.Events.Where(row => row.Sequence == last).ExecuteDeleteAsync(Cancel));
        await BackUpAsync(file);
        var directory = NewDirectory();
        await using (var store = new OfflineStore(directory)) await store.Backups.RestoreAsync(file, Cancel);

        await using var world = await ControlWorld.StartAsync(directory: directory);
        var api = new Api(world.Host, world.Host.Client(World.Host.NewKey), await world.Host.WorkspaceAsync());
        await api.CreateExternalAsync("after");

        Assert.True(await world.Host.WithDbAsync(db => db.Events.MaxAsync(row => row.Sequence, Cancel)) > last);
    }

    [Fact]
    public async Task Backup_that_fails_leaves_the_older_one_and_nothing_beside_it()
    {
        var file = NewFile();
        await BackUpAsync(file);
        var old = await File.ReadAllBytesAsync(file, Cancel);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await using var store = new OfflineStore(World.Host.Directory);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Backups.CreateAsync(file, stopped.Token));

        Assert.Equal(old, await File.ReadAllBytesAsync(file, Cancel));
        Assert.Equal([file], Directory.EnumerateFiles(Path.GetDirectoryName(file)!));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Archive_that_is_gone_or_damaged_is_named_and_all_else_is_in_the_backup()
    {
        var file = NewFile();
        var gone = await World.UploadAsync(Guid.Parse(Deployment), "gone");
        var damaged = await World.UploadAsync(Guid.Parse(Deployment), "damaged");
        File.Delete(World.BlobOf(gone));
        await File.WriteAllTextAsync(World.BlobOf(damaged), "DAMAGED", Cancel);
        await using var store = new OfflineStore(World.Host.Directory);

        var backup = await store.Backups.CreateAsync(file, Cancel);

        Assert.Equal(new[] { gone, damaged }.Order(StringComparer.Ordinal), backup.MissingBlobs.Order(StringComparer.Ordinal));
        await using var elsewhere = new OfflineStore(NewDirectory());
        var restored = await elsewhere.Backups.RestoreAsync(file, Cancel);
        Assert.Equal((backup.Blobs, 2), (restored.Blobs, restored.MissingBlobs.Count));

        // The other tests have the same store.
        await File.WriteAllTextAsync(World.BlobOf(gone), "gone", Cancel);
        await File.WriteAllTextAsync(World.BlobOf(damaged), "damaged", Cancel);
    }

    /// <summary>As another process would, while the control plane serves.</summary>
    private async Task BackUpAsync(string file)
    {
        await using var store = new OfflineStore(World.Host.Directory);
        await store.Backups.CreateAsync(file, Cancel);
    }

    private static int CountOf(List<string> acknowledged)
    {
        lock (acknowledged) return acknowledged.Count;
    }

    /// <summary>Creates with a secret and a first revision, and patches: each a transaction over several tables.</summary>
    private async Task WriteAsync(int writer, List<string> acknowledged, CancellationToken writing)
    {
        for (var number = 0; !writing.IsCancellationRequested; number++)
        {
            var id = (await Api.CreateExternalAsync($"app-{writer}-{number}", secrets: $$"""[{"name":"KEY","value":"{{SecretValue}}"}]""")).Id;
            lock (acknowledged) acknowledged.Add(id);
            (await Api.PatchAsync(id, """{"secrets":[{"name":"KEY","value":"another"}]}""")).Expect(HttpStatusCode.OK);
        }
    }

    /// <summary>The old key opens, the revision is read, its secrets and its archive are what they were.</summary>
    private async Task AssertServesAsync(ControlWorld world)
    {
        var api = new Api(world.Host, world.Host.Client(await world.Host.AddKeyAsync(Api.Workspace.Value)), Api.Workspace);
        var read = (await api.GetAsync($"/v2/deployments/{Deployment}/revisions/{Revision}")).Expect(HttpStatusCode.OK);
        Assert.Equal(Revision, read.Id);
        var row = await world.RevisionRowAsync(Guid.Parse(Revision));
        Assert.Equal(SecretValue, (await OpenAsync(world.Host, row.WorkspaceId, row.SecretValues))["KEY"]);
        var upload = await world.Host.WithDbAsync(db => db.Uploads.OrderBy(one => one.CreatedAt).FirstAsync(one => one.DeploymentId == Guid.Parse(Deployment), Cancel));
        Assert.Equal("tarball", await File.ReadAllTextAsync(world.BlobOf(upload.ObjectPath), Cancel));
    }
}
