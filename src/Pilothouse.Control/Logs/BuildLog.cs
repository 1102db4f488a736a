using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Logs;

/// <summary>The log of one revision's build.</summary>
internal sealed class BuildLog(LogStore store, RevisionRow revision, Redactor redactor, int lineLimitBytes, TimeProvider clock) : IBuildLog
{
    public void Write(string level, string message) => Write(LogLevels.OrInfo(level), message);

    public void Write(int level, string message) => store.Add(new LogLine(
        revision.WorkspaceId, revision.DeploymentId, revision.Id, IsBuild: true, clock.GetUtcNow(), level, Stored(message)));

    /// <summary>The text as it may be kept.</summary>
    public string Stored(string message) => LogText.Stored(message, redactor, lineLimitBytes);

    /// <summary>Returns when everything written so far is stored.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => store.FlushAsync(revision.DeploymentId, cancellationToken);
}

internal sealed class BuildLogs(LogStore store, Redactors redactors, IOptions<LogsOptions> options, TimeProvider clock)
{
    public async Task<BuildLog> OpenAsync(RevisionRow revision, CancellationToken cancellationToken) => new(
        store, revision, await redactors.OfAsync(revision, cancellationToken), options.Value.LineLimitBytes, clock);
}
