using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Peers;

/// <summary>Keeps out what a process says about agents that another one runs by now.</summary>
internal interface IAgentsFence
{
    /// <summary>Whether this process runs the agents; when it does, nobody else takes them over before the transaction of the context ends.</summary>
    ValueTask<bool> HoldsAsync(PilothouseDb db, CancellationToken cancellationToken);
}

/// <summary>SQLite lies in the data directory, which one process has.</summary>
internal sealed class NoFence : IAgentsFence
{
    public ValueTask<bool> HoldsAsync(PilothouseDb db, CancellationToken cancellationToken) => ValueTask.FromResult(true);
}
