using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

public sealed class ArtifactSweepTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task What_serves_what_is_under_way_and_the_newest_keep_their_artifacts()
    {
        var store = new SeenArtifacts();
        await using var world = await ControlWorld.StartAsync(
            settings: new() { ["Uploads:KeptRevisions"] = "2" }, services: services => services.AddSingleton<IArtifacts>(store));
        var deployment = await world.DeploymentAsync();
        var serving = await world.AddRevisionAsync(deployment, row => (row.Status, row.ArtifactDigest) = (RevisionStatus.Deployed, "serving"));
        await world.AddRevisionAsync(deployment, row => (row.Status, row.ArtifactDigest) = (RevisionStatus.Deploying, "under way"));
        foreach (var number in Enumerable.Range(3, 4))
            await world.AddRevisionAsync(deployment, row => (row.Status, row.ArtifactDigest) = (RevisionStatus.DeployFailed, $"failed {number}"));
        await world.Host.WithDbAsync(db => db.Deployments.Where(row => row.Id == deployment)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ActiveRevisionId, serving), Cancel));

        await world.Host.Services.GetRequiredService<Sweeps>().ReconcileAsync("artifacts", Cancel);

        Assert.Equal(["failed 5", "failed 6", "serving", "under way"], store.InUse!.Order(StringComparer.Ordinal));
    }

    private sealed class SeenArtifacts : IArtifacts
    {
        public IReadOnlySet<string>? InUse { get; private set; }

        public Task<bool> HasAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(false);

        public Task<bool> EnsureAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(false);

        public Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken)
        {
            InUse = digestsInUse;
            return Task.FromResult(0);
        }
    }
}
