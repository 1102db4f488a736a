using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.Builds.Sandbox;

namespace Pilothouse.Builds;

/// <summary>At each start, before anything is built: ends and removes what a killed control plane was building.</summary>
internal sealed class LeftoverBuilds(BuildPlaces places, ILogger<LeftoverBuilds> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var swept = await places.Builds.SweepAsync(cancellationToken);
            if (swept > 0) logger.LeftoversSwept(swept);
            if (places.Bucket is { } bucket) await bucket.SweepAsync(cancellationToken);
            BuildGroup.RemoveEmpty();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.SweepFailed(exception);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
