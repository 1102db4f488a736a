namespace Pilothouse.Core.Reconciling;

/// <summary>How one pass over one key ended.</summary>
public abstract record Reconciled
{
    private Reconciled()
    {
    }

    /// <summary>The world is as wanted; look again on a signal or at the next resync.</summary>
    public sealed record Settled : Reconciled
    {
        public static Settled Instance { get; } = new();
    }

    /// <summary>Not yet: look again after <paramref name="After"/>.</summary>
    public sealed record Again(TimeSpan After, string Why) : Reconciled;

    /// <summary>Nothing more can be done until a person changes something.</summary>
    public sealed record Stalled(string Reason, string Message) : Reconciled;
}

/// <summary>Makes the world match for one key. Level-triggered: reads all it needs, and may run twice.</summary>
public interface IReconciler<TKey>
    where TKey : notnull
{
    /// <summary>An exception is outside failure: the loop logs it once and comes back with backoff.</summary>
    Task<Reconciled> ReconcileAsync(TKey key, CancellationToken cancellationToken);

    /// <summary>Keys to look at on each resync.</summary>
    Task<IReadOnlyList<TKey>> AllKeysAsync(CancellationToken cancellationToken);
}
