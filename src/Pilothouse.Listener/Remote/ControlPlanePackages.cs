using Pilothouse.Client;
using Pilothouse.Client.Listeners;
using Pilothouse.Core.Builds;

namespace Pilothouse.Listener.Remote;

/// <summary>Artifacts and tools come from the control plane.</summary>
internal sealed class ControlPlanePackages(ListenerConnection connection) : IPackageSource
{
    public Task<bool> ArtifactAsync(string digest, string file, CancellationToken cancellationToken) => FetchAsync($"artifacts/{digest}", file, cancellationToken);

    public Task<bool> ToolAsync(string name, string file, CancellationToken cancellationToken) => FetchAsync($"tools/{name}", file, cancellationToken);

    private async Task<bool> FetchAsync(string package, string file, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.DownloadAsync(package, file, cancellationToken);
        }
        catch (Exception away) when (away is ApiException or UnreachableException or IOException)
        {
            throw new PackagesUnavailableException($"{package} cannot be fetched now: {away.Message}", away);
        }
    }
}
