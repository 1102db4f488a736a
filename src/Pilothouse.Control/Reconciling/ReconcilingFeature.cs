using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Revisions;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Control.Reconciling;

internal static class ReconcilingFeature
{
    /// <summary>Needs an <see cref="IBuildEngine"/> to drive revisions; whoever hosts the control plane registers it.</summary>
    public static IServiceCollection AddReconciling(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ReconcilingOptions>().Bind(configuration.GetSection(ReconcilingOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ReconcilingOptions>, ReconcilingOptionsValidator>();
        services.AddMetrics();
        services.TryAddSingleton<LoopMetrics>();
        services.AddSingleton<RevisionMetrics>();
        services.AddSingleton<QueueWatch>();
        services.AddSingleton<RevisionLeases>();
        services.AddSingleton<BuildInputs>();
        services.AddSingleton<BuildRecords>();
        services.AddSingleton<BuildParts>();
        services.AddSingleton<BuildReconciler>();
        services.AddSingleton<BuildTurns>();
        services.AddSingleton<DeploymentRevisionsReconciler>();
        services.AddSingleton<RevisionLoops>();
        services.AddSingleton<InterruptRevision>();
        services.AddSingleton<ArtifactSweep>();
        services.AddSingleton<Sweeps>();
        services.AddSingleton<Takeover>();
        services.AddHostedService(provider => new RevisionService(
            provider.GetService<IBuildEngine>() is null ? null : provider.GetRequiredService<RevisionLoops>(),
            provider.GetRequiredService<ILogger<RevisionService>>()));
        services.AddHostedService<SweepService>();
        services.AddHostedService<QueueWatchService>();
        return services;
    }
}
