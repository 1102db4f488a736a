using Pilothouse.Core.Routing;
using Pilothouse.Listener.Pulling;

namespace Pilothouse.Listener;

/// <summary>How a listener is, for whoever asks from outside of it.</summary>
public sealed class ListenerState
{
    private readonly WantedDeployments _wanted;
    private readonly Puller _puller;
    private readonly IGateway _gateway;

    internal ListenerState(WantedDeployments wanted, Puller puller, IGateway gateway) => (_wanted, _puller, _gateway) = (wanted, puller, gateway);

    /// <summary>How long ago the control plane last answered.</summary>
    public TimeSpan Silence => _puller.Silence;

    /// <summary>What is wanted was heard, or is known from before.</summary>
    public bool IsLoaded => _wanted.IsLoaded;

    /// <summary>Agents that shall serve, and cannot be called yet.</summary>
    public int NotServing() => _wanted.Keys.Count(id => _wanted.Find(id) is { Active: not null, IsDeleted: false } && _gateway.Find(id) is not { Endpoints.Count: > 0 });
}
