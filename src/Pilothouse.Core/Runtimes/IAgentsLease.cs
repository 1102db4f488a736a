namespace Pilothouse.Core.Runtimes;

/// <summary>
/// Who runs the agents, where several processes could: one at a time. Whoever has taken it keeps it until it ends, or until another one took it over
/// since this one was not heard of for longer than the lease lasts.
/// </summary>
public interface IAgentsLease
{
    /// <summary>Returns once this process runs the agents.</summary>
    Task TakeAsync(CancellationToken cancellationToken);

    bool IsHeld { get; }

    /// <summary>When this process took it over; its agents are being started for a while then. Null: not held, or always.</summary>
    DateTimeOffset? TakenAt { get; }

    /// <summary>Another one took it from this process, which must end: its agents run elsewhere now.</summary>
    bool IsLost { get; }

    /// <summary>Where the process that runs them is reached; null: it is this one, or nobody is known to.</summary>
    Uri? Elsewhere { get; }
}

/// <summary>Where no other process could run them.</summary>
public sealed class SoleProcess : IAgentsLease
{
    public bool IsHeld => true;

    public DateTimeOffset? TakenAt => null;

    public bool IsLost => false;

    public Uri? Elsewhere => null;

    public Task TakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
