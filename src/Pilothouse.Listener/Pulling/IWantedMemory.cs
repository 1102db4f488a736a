using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Listener.Pulling;

/// <summary>What was last heard, kept for a start without the control plane.</summary>
internal interface IWantedMemory
{
    /// <summary>Null when nothing is kept.</summary>
    PullAnswer? Recall();

    /// <summary>Everything that is wanted now.</summary>
    void Keep(PullAnswer everything);

    /// <summary>It is somebody else's to run from now on.</summary>
    void Forget();
}

/// <summary>Where the control plane is in the same process.</summary>
internal sealed class NoMemory : IWantedMemory
{
    public PullAnswer? Recall() => null;

    public void Keep(PullAnswer everything)
    {
        // It is in the store.
    }

    public void Forget()
    {
        // Nothing is kept.
    }
}
