using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Buckets;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Uploads;

/// <summary>Archives that their senders put into a bucket, past the control plane.</summary>
public sealed class BucketUploadTests
{
    private static readonly byte[] s_gzip = [0x1f, 0x8b, 0x08, 1, 2, 3];

    private readonly FakeBucket _bucket = new();

    [Fact]
    public async Task Archive_that_was_put_there_is_built_and_a_later_one_at_the_same_url_changes_nothing()
    {
        var built = new List<byte[]>();
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, cancellationToken) =>
        {
            built.Add(await File.ReadAllBytesAsync(((BuildSource.Tarball)request.Source).File, cancellationToken));
            return FakeBuildEngine.BuiltOf(request);
        };
        await using var world = await StartAsync(engine);
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var deployment = await api.CreateAsync();
        var path = await UrlAsync(api, deployment);

        Assert.Contains("has not arrived", (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        _bucket.Put($"arriving/{path}", s_gzip);
        var patched = (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.OK);
        _bucket.Put($"arriving/{path}", [0x1f, 0x8b, 0x08, 9, 9, 9]);

        var row = await world.UntilAsync(Guid.Parse(patched.Text_("latest_revision_id")!), RevisionStatus.AwaitingDeploy);
        Assert.Equal(s_gzip, Assert.Single(built));
        Assert.NotNull(row.ArtifactDigest);
        Assert.Empty(Arriving(world));

        // The same source again, whose hash is known by now.
        (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.OK);
        Assert.NotNull(await world.Host.WithDbAsync(db => db.Uploads.Where(upload => upload.ObjectPath == path).Select(upload => upload.Sha256).SingleAsync(ControlHost.Cancel)));
    }

    [Fact]
    public async Task Archive_above_the_limit_is_refused_when_it_is_named()
    {
        await using var world = await StartAsync(null, new() { ["Uploads:LimitBytes"] = "5" });
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var deployment = await api.CreateAsync();
        var path = await UrlAsync(api, deployment);
        _bucket.Put($"arriving/{path}", s_gzip);

        var refused = (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.RequestEntityTooLarge);

        Assert.Contains("larger than 5 bytes", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_archive_fails_the_build_with_a_sentence_and_leaves_no_file()
    {
        await using var world = await StartAsync(new FakeBuildEngine());
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var deployment = await api.CreateAsync();
        var path = await UrlAsync(api, deployment);
        _bucket.Put($"arriving/{path}", "plain"u8.ToArray());
        var patched = (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.OK);

        var row = await world.UntilAsync(Guid.Parse(patched.Text_("latest_revision_id")!), RevisionStatus.BuildFailed);

        Assert.Contains("not a gzip'd archive", row.StatusReason, StringComparison.Ordinal);
        Assert.Empty(Arriving(world));
    }

    [Fact]
    public async Task Archive_that_was_changed_after_its_first_build_is_not_built()
    {
        await using var world = await StartAsync(new FakeBuildEngine());
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var deployment = await api.CreateAsync();
        var path = await UrlAsync(api, deployment);
        _bucket.Put($"arriving/{path}", s_gzip);
        var first = (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.OK);
        await world.UntilAsync(Guid.Parse(first.Text_("latest_revision_id")!), RevisionStatus.AwaitingDeploy);
        await world.ReportAsync(Guid.Parse(deployment), Guid.Parse(first.Text_("latest_revision_id")!), "deployed");

        _bucket.Put(path, [0x1f, 0x8b, 0x08, 7]);
        var second = (await api.PatchAsync(deployment, $$$"""{"revision_source":"internal_source","source_config":{"install_command":"npm ci"},"source_revision_config":{"source_tarball_path":"{{{path}}}","langgraph_config_path":"langgraph.json"}}""")).Expect(HttpStatusCode.OK);

        Assert.Contains("damaged", (await world.UntilAsync(Guid.Parse(second.Text_("latest_revision_id")!), RevisionStatus.BuildFailed)).StatusReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bucket_that_is_away_is_a_503_and_a_build_that_waits_and_then_goes_on()
    {
        await using var world = await StartAsync(new FakeBuildEngine(), new() { ["Reconciling:RetryPause"] = "00:00:00.020", ["Reconciling:BuildTries"] = "20" });
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var deployment = await api.CreateAsync();
        var path = await UrlAsync(api, deployment);
        _bucket.Put($"arriving/{path}", s_gzip);
        _bucket.Trouble = new BucketUnavailableException("The bucket 'b' does not answer.", new IOException());

        var refused = (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.StartsWith("The bucket 'b' does not answer.", refused.Detail, StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);

        _bucket.Trouble = null;
        await world.Host.WithDbAsync(db => db.Uploads.Where(row => row.ObjectPath == path).ExecuteUpdateAsync(set => set.SetProperty(row => row.StoredAt, TimeProvider.System.GetUtcNow()), ControlHost.Cancel));
        _bucket.Put(path, s_gzip);
        _bucket.Trouble = new BucketUnavailableException("The bucket 'b' does not answer.", new IOException());
        var patched = (await PatchAsync(api, deployment, path)).Expect(HttpStatusCode.OK);
        var revision = Guid.Parse(patched.Text_("latest_revision_id")!);
        await Testing.Eventually.ReadAsync(() => world.LogsAsync(revision, isBuild: true), lines => lines.Exists(line => line.Message.Contains("does not answer", StringComparison.Ordinal)));
        _bucket.Trouble = null;

        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);
    }

    [Fact]
    public async Task Deployment_that_goes_takes_its_objects_with_it_and_a_sweep_those_that_nobody_named()
    {
        await using var world = await StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync();
        var kept = await world.DeploymentAsync();
        var workspace = (await world.Host.WorkspaceAsync()).Value;
        foreach (var one in (Guid[])[deployment, kept])
        {
            _bucket.Put($"uploads/{workspace:D}/{one:D}/a.tar.gz", s_gzip);
            _bucket.Put($"arriving/uploads/{workspace:D}/{one:D}/b.tar.gz", s_gzip);
        }

        await world.DeleteAsync(deployment);
        await world.ReportAsync(deployment, null, "deleted");

        Assert.Equal(2, _bucket.Keys.Count);
        Assert.All(_bucket.Keys, key => Assert.Contains($"{kept:D}", key, StringComparison.Ordinal));

        await world.Host.WithDbAsync(db =>
        {
            db.Uploads.Add(new UploadRow
            {
                ObjectPath = $"uploads/{workspace:D}/{kept:D}/b.tar.gz",
                WorkspaceId = workspace,
                DeploymentId = kept,
                TokenHash = [1],
                ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(-2),
            });
            return db.SaveChangesAsync(ControlHost.Cancel);
        });
        await world.Host.Services.GetRequiredService<Sweeps>().ReconcileAsync("uploads", ControlHost.Cancel);
        Assert.Equal([$"uploads/{workspace:D}/{kept:D}/a.tar.gz"], _bucket.Keys);
    }

    private Task<ControlWorld> StartAsync(FakeBuildEngine? engine, Dictionary<string, string?>? settings = null) =>
        ControlWorld.StartAsync(engine, settings, services: services => services.AddSingleton<IBucket>(_bucket));

    private static async Task<string> UrlAsync(Api api, string deployment)
    {
        var url = (await api.PostAsync($"/v2/deployments/{deployment}/upload-url", """{"supports_upload_headers":true}""")).Expect(HttpStatusCode.OK);
        Assert.StartsWith("https://bucket.example/arriving/uploads/", url.Text_("upload_url"), StringComparison.Ordinal);
        Assert.Equal("application/gzip", url.Text_("upload_headers", "Content-Type"));
        return url.Text_("object_path")!;
    }

    private static Task<Reply> PatchAsync(Api api, string deployment, string path) => api.PatchAsync(
        deployment, $$$"""{"revision_source":"internal_source","source_revision_config":{"source_tarball_path":"{{{path}}}","langgraph_config_path":"langgraph.json"}}""");

    private static string[] Arriving(ControlWorld world) => Directory.Exists(Path.Combine(world.Host.Directory, "blobs", "arriving"))
        ? Directory.GetFiles(Path.Combine(world.Host.Directory, "blobs", "arriving"), "*", SearchOption.AllDirectories)
        : [];
}
