using Pilothouse.Core;

namespace Pilothouse.Control.Reconciling;

/// <summary>
/// Wakes whoever waits for a change: the loops of this process and the listeners' long polls. A signal carries a key and nothing else; whoever
/// hears it reads the store again, so a lost signal costs a resync and never work. Call it after the transaction, never inside.
/// </summary>
public sealed class ControlSignals
{
    /// <summary>Handlers must not block or throw.</summary>
    public event Action<DeploymentId>? Changed;

    /// <summary>Others may have changed anything. Handlers must not block or throw.</summary>
    public event Action? AnythingChanged;

    /// <summary>Something was told about this deployment, and nobody but those who follow its events need look. Handlers must not block or throw.</summary>
    public event Action<DeploymentId>? Told;

    /// <summary>What this process did, for the other control planes on its store; true: changed, false: told. Handlers must not block or throw.</summary>
    internal event Action<DeploymentId, bool>? Raised;

    /// <summary>Something about this deployment changed.</summary>
    public void RevisionChanged(DeploymentId deployment)
    {
        Hear(deployment, isChange: true);
        Raised?.Invoke(deployment, true);
    }

    /// <summary>Events were added, and nothing else changed.</summary>
    public void EventsTold(DeploymentId deployment)
    {
        Hear(deployment, isChange: false);
        Raised?.Invoke(deployment, false);
    }

    /// <summary>What another control plane did.</summary>
    internal void Hear(DeploymentId deployment, bool isChange)
    {
        if (!isChange)
        {
            Told?.Invoke(deployment);
            return;
        }

        Changed?.Invoke(deployment);
    }

    /// <summary>Others may have changed anything: the long polls look at once, the loops at their next resync.</summary>
    internal void WakePolls() => AnythingChanged?.Invoke();
}
