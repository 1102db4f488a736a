using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Peers;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>Keeps out what somebody says about agents that run elsewhere by now. Asked in the transaction that writes what was said.</summary>
internal sealed class ListenerFences(IAgentsFence ofAgents)
{
    /// <param name="lease">Null: said in this process.</param>
    /// <returns>False when another control plane runs the agents of the listener inside; nobody waits for an answer then.</returns>
    /// <exception cref="ListenerSupersededException">Another instance of the listener leads.</exception>
    public async ValueTask<bool> HoldsAsync(PilothouseDb db, Guid listener, long? lease, CancellationToken cancellationToken)
    {
        if (listener == EmbeddedListener.Id) return await ofAgents.HoldsAsync(db, cancellationToken);
        if (lease is null || await ListenerLeases.HoldsAsync(db, listener, lease, cancellationToken)) return true;
        throw new ListenerSupersededException(ListenerLeases.SupersededText(listener));
    }
}
