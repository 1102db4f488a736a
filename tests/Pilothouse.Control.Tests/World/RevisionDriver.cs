using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Reconciling;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Control.Tests.World;

/// <summary>One control plane's loops, driven pass by pass: an owner of its own, on a clock of its own.</summary>
internal sealed class RevisionDriver
{
    private readonly List<RevisionId> _buildable = [];

    public RevisionDriver(IServiceProvider services, IBuildEngine engine, TimeProvider? clock = null)
    {
        var time = clock ?? TimeProvider.System;
        Leases = ActivatorUtilities.CreateInstance<RevisionLeases>(services, time);
        var records = ActivatorUtilities.CreateInstance<BuildRecords>(services, Leases, time);
        var parts = new BuildParts(
            Leases, services.GetRequiredService<BuildInputs>(), records, services.GetRequiredService<BuildLogs>(),
            services.GetRequiredService<ControlSignals>(), services.GetRequiredService<RevisionMetrics>());
        Builds = ActivatorUtilities.CreateInstance<BuildReconciler>(services, parts, engine, time);
        Queue = ActivatorUtilities.CreateInstance<DeploymentRevisionsReconciler>(services, time);
        Queue.OnBuildable = _buildable.Add;
    }

    public RevisionLeases Leases { get; }
    public BuildReconciler Builds { get; }
    public DeploymentRevisionsReconciler Queue { get; }

    public async Task<IReadOnlyList<RevisionId>> QueueAsync(Guid deployment)
    {
        _buildable.Clear();
        await Queue.ReconcileAsync(new DeploymentId(deployment), ControlHost.Cancel);
        return [.. _buildable];
    }

    public Task<Reconciled> BuildAsync(Guid revision) => Builds.ReconcileAsync(new RevisionId(revision), ControlHost.Cancel);

    /// <summary>Both loops once.</summary>
    public async Task PassAsync(Guid deployment)
    {
        foreach (var revision in await QueueAsync(deployment)) await Builds.ReconcileAsync(revision, ControlHost.Cancel);
    }
}
