using Pilothouse.Cli.Archives;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Deploy;

/// <param name="Agent">Instead of the name: the control plane gives one.</param>
/// <param name="Listener">Name or id of the listener that runs a new deployment; null: the control plane's own does.</param>
/// <param name="ConfigPath">Of langgraph.json below the root of the files.</param>
/// <param name="Timeout">For waiting; what was begun goes on at the control plane.</param>
internal sealed record DeployOrder(
    string Name, AgentReference? Agent, Guid? Deployment, string Type, string? Listener, ProjectSecrets Secrets, IReadOnlyList<SourceFile> Files, string ConfigPath, string? InstallCommand, string? BuildCommand,
    bool Waits, TimeSpan Timeout);

/// <summary>From a folder to a URL.</summary>
internal sealed class DeployFlow(PilothouseClient client, DeployReport report)
{
    private readonly Patience _patience = new(report);
    private string _whatHolds = "nothing was deployed";

    public async Task<int> RunAsync(DeployOrder order, CancellationToken cancellationToken)
    {
        var (deployment, revision) = await BeginAsync(order, cancellationToken);
        if (order.Waits) return await new DeployWatch(client, report, deployment.Id, revision).RunAsync(order.Timeout, cancellationToken);
        report.Result("STARTED", deployment.Id, revision, deployment.SourceConfig.CustomUrl);
        return ExitCodes.Done;
    }

    private async Task<(Deployment Deployment, Guid Revision)> BeginAsync(DeployOrder order, CancellationToken cancellationToken)
    {
        try
        {
            if (order.Secrets.Skipped.Count > 0) report.Step($"left out of the environment: {string.Join(", ", order.Secrets.Skipped)}");
            using var archive = await SourceArchive.CreateAsync(order.Files, cancellationToken);
            report.Step($"{archive.Count} files, {archive.File.Length / 1024.0:0.0} KiB packed for {client.Address}");
            var deployment = await FindOrCreateAsync(order, cancellationToken);
            var source = await UploadAsync(deployment.Id, archive.File, cancellationToken);
            return (deployment, await PatchAsync(order, deployment, source, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report.Step($"stopped; {_whatHolds}");
            throw;
        }
    }

    private async Task<Deployment> FindOrCreateAsync(DeployOrder order, CancellationToken cancellationToken)
    {
        if (order.Deployment is { } id) return await client.GetDeploymentAsync(id, cancellationToken);
        var (there, called) = order.Agent is { } agent
            ? (await client.FindDeploymentAsync(agent, cancellationToken), $"agent {agent.AgentId} in {agent.Environment}")
            : (await client.FindDeploymentAsync(order.Name, cancellationToken), order.Name);
        report.Step(there is null ? $"a new deployment, {called}" : $"a new revision of {called}");
        var listener = order.Listener is { } named ? (Guid?)await ListenerChoice.FindAsync(client, named, cancellationToken) : null;
        if (there is not null)
        {
            return listener is null || there.SourceConfig.ListenerId == listener
                ? there
                : throw new MisuseException($"{there.Name} is bound for life to {(there.SourceConfig.ListenerId is { } its ? $"listener {its}" : "the control plane's own listener")}: deploy under another --name, or leave --listener out.");
        }

        var wanted = new DeploymentCreate
        {
            Name = order.Agent is null ? order.Name : null,
            Agent = order.Agent,
            Source = "internal_source",
            SourceConfig = new SourceConfig { DeploymentType = order.Type, ListenerId = listener },
            SourceRevisionConfig = new SourceRevisionConfig(),
            Secrets = [],
        };
        return await _patience.WriteAsync(() => client.CreateDeploymentAsync(wanted, cancellationToken), cancellationToken);
    }

    /// <returns>Where the control plane has the source.</returns>
    private async Task<string> UploadAsync(Guid deployment, FileStream archive, CancellationToken cancellationToken)
    {
        var upload = await _patience.WriteAsync(() => client.CreateUploadUrlAsync(deployment, cancellationToken), cancellationToken);
        await _patience.WriteAsync(async () =>
        {
            await client.UploadAsync(upload, archive, bytes => report.Upload(bytes, archive.Length), cancellationToken);
            return upload;
        }, cancellationToken);
        return upload.ObjectPath;
    }

    private async Task<Guid> PatchAsync(DeployOrder order, Deployment deployment, string source, CancellationToken cancellationToken)
    {
        var patch = new DeploymentPatch
        {
            RevisionSource = "internal_source",
            SourceConfig = order.InstallCommand is null && order.BuildCommand is null
                ? null
                : new SourceConfig { InstallCommand = order.InstallCommand, BuildCommand = order.BuildCommand },
            SourceRevisionConfig = new SourceRevisionConfig { SourceTarballPath = source, LanggraphConfigPath = order.ConfigPath },
            Secrets = order.Secrets.Secrets,
        };
        _whatHolds = $"whether the control plane has made the revision is not known: pilothouse revisions {deployment.Name}";
        return (await _patience.WriteAsync(() => client.PatchDeploymentAsync(deployment.Id, patch, cancellationToken), cancellationToken)).LatestRevisionId!.Value;
    }
}
