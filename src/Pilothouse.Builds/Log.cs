using Microsoft.Extensions.Logging;
using Pilothouse.Core;

namespace Pilothouse.Builds;

internal static partial class Log
{
    private static readonly Func<ILogger, DeploymentId, RevisionId, IDisposable?> s_revisionScope =
        LoggerMessage.DefineScope<DeploymentId, RevisionId>("Deployment {DeploymentId} revision {RevisionId}");

    public static IDisposable? RevisionScope(this ILogger logger, DeploymentId deploymentId, RevisionId revisionId) => s_revisionScope(logger, deploymentId, revisionId);

    [LoggerMessage(LogLevel.Information, "Artifact {Digest} built in {Elapsed}.")]
    public static partial void Built(this ILogger logger, string digest, TimeSpan elapsed);

    [LoggerMessage(LogLevel.Information, "{Builds} builds of an earlier control plane were ended and removed.")]
    public static partial void LeftoversSwept(this ILogger logger, int builds);

    [LoggerMessage(LogLevel.Warning, "What an earlier control plane's builds left cannot be removed; the next start tries again.")]
    public static partial void SweepFailed(this ILogger logger, Exception exception);
}
