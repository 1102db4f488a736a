using System.Collections.Concurrent;

namespace Pilothouse.Control.AuthService;

/// <summary>Wakes whoever waits for a consent; they read the store again, so that a lost signal costs a moment and nothing else.</summary>
internal sealed class ConsentSignals
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();

    /// <summary>Completes at the next change. Take it before reading the store, and call <see cref="Changed"/> when leaving: it forgets the session.</summary>
    public Task NextChange(Guid session) =>
        _waiting.GetOrAdd(session, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>After the transaction, never inside.</summary>
    public void Changed(Guid session)
    {
        if (_waiting.TryRemove(session, out var waiting)) waiting.TrySetResult();
    }
}
