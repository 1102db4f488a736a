using Pilothouse.Cli.Logs;
using Pilothouse.Client;

namespace Pilothouse.Cli.Deploy;

/// <summary>Waits until a revision has ended, and tells its status and its logs as they come.</summary>
internal sealed class DeployWatch
{
    /// <summary>Of a failed deploy, where the reason is.</summary>
    private const int LastLines = 30;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(300);
    private static readonly string[] s_final = ["DEPLOYED", "CREATE_FAILED", "BUILD_FAILED", "DEPLOY_FAILED", "SKIPPED", "INTERRUPTED"];

    private readonly PilothouseClient _client;
    private readonly DeployReport _report;
    private readonly Patience _patience;
    private readonly Guid _deployment;
    private readonly Guid _revision;
    private readonly LogFollow _build;
    private readonly LogFollow _deploy;
    private string _status = "UNKNOWN";

    public DeployWatch(PilothouseClient client, DeployReport report, Guid deployment, Guid revision)
    {
        (_client, _report, _deployment, _revision) = (client, report, deployment, revision);
        _patience = new Patience(report);
        _build = new LogFollow((query, stop) => _patience.ReadAsync(() => client.BuildLogsAsync(deployment, revision, query, stop), stop));
        _deploy = new LogFollow((query, stop) => _patience.ReadAsync(() => client.DeployLogsAsync(deployment, revision, query, stop), stop));
    }

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await UntilItEndsAsync(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            var isLate = !cancellationToken.IsCancellationRequested;
            _report.GoesOn(isLate ? $"not waited for any longer than {limit.TotalSeconds:0} s" : "stopped waiting", _status, _deployment, _revision);
            if (isLate) return ExitCodes.Refused;
            throw;
        }
    }

    private async Task<int> UntilItEndsAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var status = (await _patience.ReadAsync(() => _client.GetRevisionAsync(_deployment, _revision, cancellationToken), cancellationToken)).Status;
            await TellAsync(status, cancellationToken);
            if (s_final.Contains(status)) return await EndAsync(status, cancellationToken);
            await Task.Delay(s_pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>The last lines of a build come before the status that follows it; else a status comes before the lines that are written under it.</summary>
    private async Task TellAsync(string status, CancellationToken cancellationToken)
    {
        var isNew = !string.Equals(status, _status, StringComparison.Ordinal);
        var isFinal = s_final.Contains(status);
        var isBuilding = status is "AWAITING_BUILD" or "BUILDING";
        _status = status;
        if (isNew && !isBuilding) await LinesAsync("build", _build, cancellationToken);
        if (isNew && !isFinal) _report.Status(status);
        if (isBuilding) await LinesAsync("build", _build, cancellationToken);
        if (isFinal || status is "AWAITING_DEPLOY" or "DEPLOYING") await LinesAsync("deploy", _deploy, cancellationToken);
    }

    private async Task LinesAsync(string type, LogFollow log, CancellationToken cancellationToken)
    {
        await foreach (var entry in log.NewAsync(cancellationToken)) _report.Log(type, entry);
    }

    private async Task<int> EndAsync(string status, CancellationToken cancellationToken)
    {
        if (status is "DEPLOY_FAILED")
            foreach (var entry in await _deploy.LateAsync(LastLines, cancellationToken)) _report.Log("deploy", entry);

        var deployment = await _patience.ReadAsync(() => _client.GetDeploymentAsync(_deployment, cancellationToken), cancellationToken);
        if (status is not "DEPLOYED" && deployment.ActiveRevisionId is { } serving) _report.Step($"revision {serving} goes on serving as before");
        if (status is not "DEPLOYED") await ExplainAsync(cancellationToken);
        _report.Result(status, _deployment, _revision, deployment.SourceConfig.CustomUrl);
        return status is "DEPLOYED" ? ExitCodes.Done : ExitCodes.Refused;
    }

    /// <summary>What the control plane makes of the failure. One that cannot tell, such as an original, has said all it has in its logs.</summary>
    private async Task ExplainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var explanation = await _client.ExplainAsync(_deployment, cancellationToken);
            if (explanation.Findings.FirstOrDefault(finding => finding.RevisionId == _revision) is { } finding) _report.Finding(finding);
        }
        catch (Exception untold) when (untold is ApiException or UnreachableException)
        {
            // The revision's end is known, and told next.
        }
    }
}
