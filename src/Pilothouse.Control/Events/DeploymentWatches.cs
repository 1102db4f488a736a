using Pilothouse.Control.Reconciling;
using Pilothouse.Core;

namespace Pilothouse.Control.Events;

/// <summary>
/// Wakes those who watch one deployment, and nobody else: with many streams open, a change costs a read for its own watchers only.
/// </summary>
internal sealed class DeploymentWatches : IDisposable
{
    private readonly ControlSignals _signals;
    private readonly Lock _lock = new();
    private readonly Dictionary<DeploymentId, Watched> _watched = [];

    public DeploymentWatches(ControlSignals signals)
    {
        _signals = signals;
        signals.Changed += Wake;
        signals.Told += Wake;
    }

    public bool IsWatched(DeploymentId deployment)
    {
        lock (_lock) return _watched.ContainsKey(deployment);
    }

    public Watch Open(DeploymentId deployment)
    {
        lock (_lock)
        {
            if (!_watched.TryGetValue(deployment, out var watched)) _watched[deployment] = watched = new Watched();
            watched.Watchers++;
        }

        return new Watch(this, deployment);
    }

    public void Dispose()
    {
        _signals.Changed -= Wake;
        _signals.Told -= Wake;
    }

    private void Wake(DeploymentId deployment)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (!_watched.TryGetValue(deployment, out var watched)) return;
            changed = watched.Changed;
            watched.Changed = NewSource();
        }

        changed.TrySetResult();
    }

    private Task Next(DeploymentId deployment)
    {
        lock (_lock) return _watched[deployment].Changed.Task;
    }

    private void Close(DeploymentId deployment)
    {
        lock (_lock)
        {
            if (--_watched[deployment].Watchers == 0) _watched.Remove(deployment);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One watcher; dispose it once.</summary>
    internal sealed class Watch(DeploymentWatches watches, DeploymentId deployment) : IDisposable
    {
        /// <summary>Completes at the next change. Take it before reading the store, so that no change falls between.</summary>
        public Task Next => watches.Next(deployment);

        public void Dispose() => watches.Close(deployment);
    }

    private sealed class Watched
    {
        public int Watchers { get; set; }
        public TaskCompletionSource Changed { get; set; } = NewSource();
    }
}
