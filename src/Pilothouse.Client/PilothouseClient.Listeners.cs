using System.Runtime.CompilerServices;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Client;

public sealed partial class PilothouseClient
{
    /// <summary>Makes a listener of the workspace known; 409 when it has one for this compute id.</summary>
    public Task<Listener> CreateListenerAsync(ListenerCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v2/listeners", wanted, ApiJson.Default.ListenerCreate, ApiJson.Default.Listener, cancellationToken);

    public Task<Listener> GetListenerAsync(Guid listener, CancellationToken cancellationToken = default) =>
        GetAsync($"v2/listeners/{listener}", ApiJson.Default.Listener, cancellationToken);

    /// <summary>All pages, oldest first; each listener once.</summary>
    public async IAsyncEnumerable<Listener> ListListenersAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var seen = new HashSet<Guid>();
        for (var offset = 0; ;)
        {
            var page = await GetAsync($"v2/listeners?limit={PageSize}&offset={offset}", ApiJson.Default.ListenersList, cancellationToken).ConfigureAwait(false);
            foreach (var listener in page.Resources.Where(listener => seen.Add(listener.Id))) yield return listener;
            if (page.Resources.Count < PageSize) yield break;
            offset += page.Resources.Count;
        }
    }

    /// <summary>Changes version or namespaces; 409 when a namespace that deployments are placed in would go.</summary>
    public Task<Listener> PatchListenerAsync(Guid listener, ListenerPatch patch, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, $"v2/listeners/{listener}", patch, ApiJson.Default.ListenerPatch, ApiJson.Default.Listener, cancellationToken);

    /// <summary>A key with which the listener speaks to the control plane; the answer is the only place where the key itself ever stands.</summary>
    public Task<NewApiKey> CreateListenerKeyAsync(Guid listener, ListenerKeyCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, $"v2/listeners/{listener}/keys", wanted, ApiJson.Default.ListenerKeyCreate, ApiJson.Default.NewApiKey, cancellationToken);

    /// <summary>409 while deployments are bound to it.</summary>
    public Task DeleteListenerAsync(Guid listener, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"v2/listeners/{listener}", null, null, null, cancellationToken);
}
