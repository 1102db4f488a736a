using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Tests.Uploads;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Pilothouse.Testing.Routing;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>The control plane and the real listener together, over the protocol in process; only builds, processes and sockets are fakes.</summary>
public sealed class WholeWayTests : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pilothouse-whole-").FullName;
    private readonly FakeGateway _gateway = new(TimeProvider.System);
    private FakeRuntime? _runtime;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Upload_becomes_a_serving_revision_and_a_second_one_replaces_it_and_deletion_leaves_nothing()
    {
        await using var world = await StartAsync();
        var deployment = await world.DeploymentAsync();

        var first = await UploadAndQueueAsync(world, deployment, "one");
        await world.UntilAsync(first, RevisionStatus.Deployed);
        await Eventually.TrueAsync(() => _gateway.Find(new DeploymentId(deployment))?.Endpoints.Count == 1);
        var second = await UploadAndQueueAsync(world, deployment, "two");
        await world.UntilAsync(second, RevisionStatus.Deployed);
        await Eventually.TrueAsync(() => _gateway.Find(new DeploymentId(deployment))?.Revision.Value == second);

        Assert.Equal(RevisionStatus.Deployed, await world.StatusAsync(first));
        Assert.Equal(second, (await world.DeploymentRowAsync(deployment)).ActiveRevisionId);
        Assert.Equal("2", _runtime!.Started[^1].Environment["NUMBER"]);
        await Eventually.ReadAsync(() => world.EventsAsync(deployment), events => events.Exists(one => one.Kind == "switched"), "the proof is there");
        await Eventually.ReadAsync(() => world.LogsAsync(second, isBuild: false), lines => lines.Count > 0, "the agent's output arrives");

        await world.DeleteAsync(deployment);
        await Eventually.ReadAsync(
            () => world.Host.WithDbAsync(db => db.Deployments.CountAsync(row => row.Id == deployment, ControlHost.Cancel)), count => count == 0);
        Assert.Empty(_runtime.List());
        Assert.Null(_gateway.Find(new DeploymentId(deployment)));
        Assert.Empty(_runtime.Violations);
    }

    [Fact]
    public async Task Revision_that_does_not_become_healthy_fails_and_the_old_one_serves_on()
    {
        await using var world = await StartAsync();
        var deployment = await world.DeploymentAsync();
        var first = await UploadAndQueueAsync(world, deployment, "one");
        await world.UntilAsync(first, RevisionStatus.Deployed);
        _runtime!.Behaviour = spec => spec.Name.IsScratch ? FakeBehaviour.Exits : FakeBehaviour.Ready;

        var second = await UploadAndQueueAsync(world, deployment, "two");
        var failed = await world.UntilAsync(second, RevisionStatus.DeployFailed);

        Assert.Contains("exit code 1", failed.StatusReason, StringComparison.Ordinal);
        Assert.Contains(await world.LogsAsync(second, isBuild: false), line => line.Message == failed.StatusReason);
        Assert.Equal(first, _gateway.Find(new DeploymentId(deployment))?.Revision.Value);
    }

    private Task<ControlWorld> StartAsync()
    {
        var engine = new FakeBuildEngine
        {
            Behaviour = (request, _, _) =>
            {
                var built = FakeBuildEngine.BuiltOf(request);
                Directory.CreateDirectory(Path.Combine(_directory, "artifacts", built.Artifact.Digest));
                return Task.FromResult<BuildOutcome>(built);
            },
        };
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Listener:ListenerId"] = EmbeddedListener.Id.ToString(),
            ["Listener:DataDirectory"] = _directory,
        }).Build();
        return ControlWorld.StartAsync(engine, directory: _directory, services: services =>
        {
            services.AddListener(settings);
            services.AddSingleton<IGateway>(_gateway);
            services.AddSingleton<IRuntime>(provider =>
                _runtime = new FakeRuntime(TimeProvider.System, provider.GetRequiredService<IReplicaObserver>()));
        });
    }

    private static async Task<Guid> UploadAndQueueAsync(ControlWorld world, Guid deployment, string content)
    {
        using var client = world.Host.Client();
        using var asked = await client.PostAsync($"/v2/deployments/{deployment}/upload-url", content: null, ControlHost.Cancel);
        var upload = await asked.Content.ReadFromJsonAsync<JsonElement>(ControlHost.Cancel);
        using var body = new ByteArrayContent(Archives.Gzip(content));
        using var anonymous = world.Host.Client(key: null);
        using var put = await anonymous.PutAsync(upload.GetProperty("upload_url").GetString(), body, ControlHost.Cancel);
        put.EnsureSuccessStatusCode();
        var number = (await world.DeploymentRowAsync(deployment)).NextRevisionNumber;
        return await world.QueueAsync(
            deployment,
            row => row.SourceRevisionConfig = $$"""{"source_tarball_path":"{{upload.GetProperty("object_path").GetString()}}"}""",
            new Dictionary<string, string> { ["NUMBER"] = $"{number}" });
    }
}
