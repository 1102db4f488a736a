using Pilothouse.Cli.Archives;
using Pilothouse.Cli.Logs;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Cli.Deploy;

/// <param name="Timeout">For waiting; what was begun goes on at the control plane.</param>
internal sealed record DeployOrder(
    string? Name, Guid? Deployment, string Type, string? EnvFile, string? InstallCommand, string? BuildCommand, bool Waits, TimeSpan Timeout);

/// <summary>From a folder to a URL.</summary>
internal sealed class DeployFlow(PilothouseClient client, DeployReport report)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_restartLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_restartPause = TimeSpan.FromSeconds(3);
    private static readonly string[] s_final = ["DEPLOYED", "CREATE_FAILED", "BUILD_FAILED", "DEPLOY_FAILED", "SKIPPED", "INTERRUPTED"];

    public async Task<int> RunAsync(Project project, DeployOrder order, CancellationToken cancellationToken)
    {
        var secrets = ProjectSecrets.Read(project, order.EnvFile);
        if (secrets.Skipped.Count > 0) report.Step($"left out of the environment: {string.Join(", ", secrets.Skipped)}");

        using var archive = await SourceArchive.CreateAsync(project.Files(order.EnvFile), cancellationToken);
        report.Step($"{archive.Count} files, {archive.File.Length / 1024.0:0.0} KiB packed");
        var deployment = await FindOrCreateAsync(project, order, cancellationToken);
        var revision = await UploadAsync(project, order, deployment, archive, secrets, cancellationToken);
        if (!order.Waits)
        {
            report.Result("STARTED", deployment.Id, revision, deployment.SourceConfig.CustomUrl);
            return ExitCodes.Done;
        }

        return await FollowAsync(deployment.Id, revision, order.Timeout, cancellationToken);
    }

    private async Task<Deployment> FindOrCreateAsync(Project project, DeployOrder order, CancellationToken cancellationToken)
    {
        if (order.Deployment is { } id) return await client.GetDeploymentAsync(id, cancellationToken);
        var name = project.Name(order.Name);
        if (await client.FindDeploymentAsync(name, cancellationToken) is { } there)
        {
            report.Step($"a new revision of {name}");
            return there;
        }

        report.Step($"a new deployment, {name}");
        return await client.CreateDeploymentAsync(new DeploymentCreate
        {
            Name = name,
            Source = "internal_source",
            SourceConfig = new SourceConfig { DeploymentType = order.Type },
            SourceRevisionConfig = new SourceRevisionConfig(),
            Secrets = [],
        }, cancellationToken);
    }

    private async Task<Guid> UploadAsync(
        Project project, DeployOrder order, Deployment deployment, SourceArchive archive, ProjectSecrets secrets, CancellationToken cancellationToken)
    {
        var upload = await client.CreateUploadUrlAsync(deployment.Id, cancellationToken);
        await client.UploadAsync(upload, archive.File, bytes => report.Upload(bytes, archive.File.Length), cancellationToken);
        var patched = await client.PatchDeploymentAsync(deployment.Id, new DeploymentPatch
        {
            RevisionSource = "internal_source",
            SourceConfig = order.InstallCommand is null && order.BuildCommand is null
                ? null
                : new SourceConfig { InstallCommand = order.InstallCommand, BuildCommand = order.BuildCommand },
            SourceRevisionConfig = new SourceRevisionConfig { SourceTarballPath = upload.ObjectPath, LanggraphConfigPath = project.ConfigPath },
            Secrets = secrets.Secrets,
        }, cancellationToken);
        return patched.LatestRevisionId!.Value;
    }

    private async Task<int> FollowAsync(Guid deployment, Guid revision, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var build = new LogFollow((query, stop) => client.BuildLogsAsync(deployment, revision, query, stop));
        var last = "";
        while (true)
        {
            var status = await StatusAsync(deployment, revision, cancellationToken);
            await foreach (var entry in build.NewAsync(cancellationToken)) report.Log("build", entry);
            if (!string.Equals(status, last, StringComparison.Ordinal) && !s_final.Contains(status)) report.Status(status);
            last = status;
            if (s_final.Contains(status)) return await EndAsync(deployment, revision, status, cancellationToken);
            if (TimeProvider.System.GetElapsedTime(began) > limit)
            {
                report.Step($"not waited for any longer; it goes on at the control plane: pilothouse revisions {deployment}");
                report.Result(status, deployment, revision, url: null);
                return ExitCodes.Refused;
            }

            await Task.Delay(s_pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>A control plane that restarts finishes what it began: it is waited for, for a minute.</summary>
    private async Task<string> StatusAsync(Guid deployment, Guid revision, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return (await client.GetRevisionAsync(deployment, revision, cancellationToken)).Status;
            }
            catch (UnreachableException) when (TimeProvider.System.GetElapsedTime(began) < s_restartLimit)
            {
                report.Step("the control plane does not answer; waiting for it");
                await Task.Delay(s_restartPause, TimeProvider.System, cancellationToken);
            }
        }
    }

    private async Task<int> EndAsync(Guid deployment, Guid revision, string status, CancellationToken cancellationToken)
    {
        if (status is "DEPLOY_FAILED")
        {
            var lines = await client.DeployLogsAsync(deployment, revision, new LogQuery { Order = "desc", Limit = 30 }, cancellationToken);
            foreach (var entry in lines.Logs.Reverse()) report.Log("deploy", entry);
        }

        var url = (await client.GetDeploymentAsync(deployment, cancellationToken)).SourceConfig.CustomUrl;
        report.Result(status, deployment, revision, url);
        return status is "DEPLOYED" ? ExitCodes.Done : ExitCodes.Refused;
    }
}
