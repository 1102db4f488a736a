using System.Collections.Concurrent;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reporting;

namespace Pilothouse.Listener.Replicas;

/// <summary>Where the runtime's signals arrive: wakes the loop, and whoever waits within a pass; hands log lines on.</summary>
internal sealed class ReplicaWatch(LogBuffer logs) : IReplicaObserver
{
    private readonly ConcurrentDictionary<DeploymentId, TaskCompletionSource> _waiting = new();

    /// <summary>Set once by the listener before anything is started.</summary>
    public Action<DeploymentId> OnChanged { get; set; } = _ => { };

    public void Changed(DeploymentId deployment)
    {
        if (_waiting.TryRemove(deployment, out var source)) source.TrySetResult();
        OnChanged(deployment);
    }

    public void Logged(ReplicaLogLine line) => logs.Add(line);

    /// <summary>Completes at the next change. Take it before looking, so that no change falls between.</summary>
    public async Task NextChangeAsync(DeploymentId deployment) => await _waiting.GetOrAdd(
        deployment, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
