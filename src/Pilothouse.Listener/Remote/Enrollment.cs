using System.Net;
using Pilothouse.Client;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Listener.Remote;

/// <summary>One sentence for the operator.</summary>
public sealed class EnrollmentRefusedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// How a data directory becomes a listener: with a key of the listener it is told which it is; with one of the workspace it finds its row, or makes it, and gets
/// a key of its own, so that the mightier one need not stay on this machine.
/// </summary>
public sealed class Enrollment(ControlPlaneOptions options, string dataDirectory, string operatorKey)
{
    /// <exception cref="EnrollmentRefusedException">It cannot be this listener, or not now.</exception>
    public async Task<ListenerIdentity> RunAsync(CancellationToken cancellationToken)
    {
        var known = ListenerIdentity.Read(dataDirectory) is { } identity && Matches(identity) ? identity : null;
        try
        {
            if (known is not null && await IsGoodAsync(known, cancellationToken)) return known;
            var found = await FindAsync(known?.InstanceId ?? Guid.NewGuid(), cancellationToken);
            found.Write(dataDirectory);
            return found;
        }
        catch (UnreachableException) when (known is not null)
        {
            // It was this listener before, and goes on as it until the control plane says otherwise.
            return known;
        }
        catch (UnreachableException away)
        {
            throw new EnrollmentRefusedException($"{away.Message} The first start needs it: look at --control-plane, the network and the proxy.", away);
        }
        catch (ApiException refused)
        {
            throw new EnrollmentRefusedException(refused.Status == HttpStatusCode.Unauthorized
                ? $"The control plane does not know the key: {refused.Detail}"
                : $"The control plane refused: {refused.Detail}", refused);
        }
    }

    private bool Matches(ListenerIdentity identity) =>
        string.Equals(identity.ControlPlane, options.Url, StringComparison.Ordinal)
        && (options.ListenerId is null || options.ListenerId == identity.ListenerId)
        && (options.ComputeId is null || string.Equals(options.ComputeId, identity.ComputeId, StringComparison.Ordinal));

    /// <summary>A key of its own may have been revoked; the operator's then makes another.</summary>
    private async Task<bool> IsGoodAsync(ListenerIdentity identity, CancellationToken cancellationToken)
    {
        using var client = Client(identity.Key ?? operatorKey);
        try
        {
            return (await client.GetMeAsync(cancellationToken)).ListenerId == identity.ListenerId;
        }
        catch (ApiException refused) when (identity.Key is not null && refused.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return false;
        }
    }

    private async Task<ListenerIdentity> FindAsync(Guid instance, CancellationToken cancellationToken)
    {
        using var client = Client(operatorKey);
        var me = await client.GetMeAsync(cancellationToken);
        if (me.ListenerId is { } own)
        {
            if (options.ListenerId is { } wanted && wanted != own)
                throw new EnrollmentRefusedException($"The key is that of listener ID {own}, and --listener-id says {wanted}: give a key of that one.");
            return Identity(instance, own, key: null);
        }

        var listener = options.ListenerId is { } id ? await client.GetListenerAsync(id, cancellationToken) : await FindOrMakeAsync(client, options.ComputeId!, cancellationToken);
        if (listener.ComputeType is not ComputeTypes.Process)
            throw new EnrollmentRefusedException($"Listener ID {listener.Id} is of the compute_type '{listener.ComputeType}', and this program runs processes: name one of the type 'process', or another --compute-id.");
        var made = await client.CreateListenerKeyAsync(listener.Id, new ListenerKeyCreate { Name = $"listener {Environment.MachineName}" }, cancellationToken);
        return Identity(instance, listener.Id, made.Key);
    }

    private static async Task<Contracts.Listeners.Listener> FindOrMakeAsync(PilothouseClient client, string computeId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await foreach (var one in client.ListListenersAsync(cancellationToken))
                if (string.Equals(one.ComputeId, computeId, StringComparison.Ordinal)) return one;
            try
            {
                var wanted = new ListenerCreate { ComputeType = ComputeTypes.Process, ComputeId = computeId, ComputeConfig = new ListenerComputeConfig() };
                return await client.CreateListenerAsync(wanted, cancellationToken);
            }
            catch (ApiException taken) when (taken.Status == HttpStatusCode.Conflict && attempt == 1)
            {
                // Another instance was first.
            }
        }
    }

    private ListenerIdentity Identity(Guid instance, Guid listener, string? key) => new()
    {
        InstanceId = instance,
        ListenerId = listener,
        ControlPlane = options.Url,
        ComputeId = options.ComputeId,
        Key = key,
    };

    private PilothouseClient Client(string key) => new(new ClientOptions { Address = new Uri(options.Url), ApiKey = key, CaFile = options.CaFile });
}
