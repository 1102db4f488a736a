using Pilothouse.Core;

namespace Pilothouse.Control.Reconciling;

/// <summary>
/// Wakes whoever waits for a change: the loops of this process and the listeners' long polls. A signal carries a key and nothing else; whoever
/// hears it reads the store again, so a lost signal costs a resync and never work. Call it after the transaction, never inside.
/// </summary>
public sealed class ControlSignals
{
    private volatile TaskCompletionSource _changed = NewSource();

    /// <summary>Handlers must not block or throw.</summary>
    public event Action<DeploymentId>? Changed;

    /// <summary>Something about this deployment changed.</summary>
    public void RevisionChanged(DeploymentId deployment)
    {
        Interlocked.Exchange(ref _changed, NewSource()).TrySetResult();
        Changed?.Invoke(deployment);
    }

    /// <summary>Something was told about this deployment, and nobody but those who follow its events need look. Handlers must not block or throw.</summary>
    public event Action<DeploymentId>? Told;

    /// <summary>Events were added, and nothing else changed.</summary>
    public void EventsTold(DeploymentId deployment) => Told?.Invoke(deployment);

    /// <summary>Completes at the next change. Take it before reading the store, so that no change falls between.</summary>
    public Task NextChange => _changed.Task;

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
