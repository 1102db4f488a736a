using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.State;

/// <summary>Where things are under the data directory.</summary>
/// <param name="artifacts">At most one; none: artifacts appear by themselves.</param>
internal sealed class DataFolders(IOptions<ListenerOptions> options, IEnumerable<IArtifacts> artifacts)
{
    private string Root => Path.GetFullPath(options.Value.DataDirectory);

    public string Artifact(string digest) => Path.Combine(Path.GetFullPath(options.Value.SharedDirectory ?? options.Value.DataDirectory), "artifacts", digest);

    /// <returns>False when the artifact is not at that directory, and cannot be brought there.</returns>
    /// <exception cref="RuntimeUnavailableException">Where it is does not answer; safe to retry.</exception>
    public async Task<bool> BringArtifactAsync(string directory, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var known in artifacts)
                if (await known.EnsureAsync(Path.GetFileName(directory), cancellationToken)) return Directory.Exists(directory);
        }
        catch (Exception away) when (away is BucketUnavailableException or PackagesUnavailableException)
        {
            throw new RuntimeUnavailableException(away.Message, away);
        }

        return Directory.Exists(directory);
    }

    public string State(DeploymentId deployment) => Path.Combine(Root, "state", $"{deployment.Value:N}");

    /// <summary>Also home of the record of the last switch.</summary>
    public string Copies(DeploymentId deployment) => Path.Combine(Root, "state-backups", $"{deployment.Value:N}");

    public string Scratch(ReplicaName replica) => Path.Combine(Root, "scratch", replica.Value);

    /// <summary>Removes what proving boots left that run no more; <paramref name="of"/> null: of every deployment.</summary>
    public void RemoveDeadScratch(DeploymentId? of, IEnumerable<ReplicaName> running)
    {
        var scratch = Path.Combine(Root, "scratch");
        if (!Directory.Exists(scratch)) return;
        var dead = Directory.EnumerateDirectories(scratch, of is { } deployment ? $"{deployment.Value:N}-*" : "*")
            .Where(folder => new ReplicaName(Path.GetFileName(folder)) is { IsScratch: true } name && !running.Contains(name));
        foreach (var folder in dead) FolderTree.Remove(folder);
    }

    public void RemoveScratch(ReplicaName replica) => FolderTree.Remove(Scratch(replica));

    /// <summary>State, copies and record of a deleted deployment.</summary>
    public void RemoveAll(DeploymentId deployment)
    {
        FolderTree.Remove(State(deployment));
        FolderTree.Remove(Copies(deployment));
    }
}
