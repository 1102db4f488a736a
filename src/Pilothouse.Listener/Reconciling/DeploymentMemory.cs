using Pilothouse.Core;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.State;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reconciling;

/// <summary>
/// What one process has learnt of a deployment. Losing it costs a repeated boot and nothing else; used by one pass at a time.
/// </summary>
internal sealed class DeploymentMemory
{
    /// <summary>Why a revision will not be tried again.</summary>
    public Dictionary<RevisionId, string> Failed { get; } = [];

    /// <summary>How long each took to become ready on scratch state.</summary>
    public Dictionary<RevisionId, TimeSpan> Proven { get; } = [];

    /// <summary>As last wanted; kept while a replica of it is there.</summary>
    public Dictionary<RevisionId, RunnableRevision> Runnable { get; } = [];

    /// <summary>When the runtime was first asked in vain to start it.</summary>
    public Dictionary<RevisionId, DateTimeOffset> FirstRefusal { get; } = [];

    /// <summary>Waits that go on, by the revision that is waited for and what for.</summary>
    public Dictionary<(RevisionId Revision, RevisionId? Target), QuietWatch> Watches { get; } = [];

    /// <summary>Revisions of which it was told that they wait for work under way.</summary>
    public HashSet<RevisionId> WaitTold { get; } = [];

    /// <summary>How the last wait for quiet ended, for the switch that follows it.</summary>
    public QuietWait? Quiet { get; set; }

    /// <summary>The switch whose proof was handed to the outbox.</summary>
    public Guid? ProofOf { get; set; }

    /// <summary>The present crash loop of the serving replica was told.</summary>
    public bool IsFailingTold { get; set; }

    /// <summary>A look at the state some time after a switch: a server that could not read its files overwrites them later.</summary>
    public (DateTimeOffset At, RevisionId Revision, FolderSize Before, string? Copy)? LaterLook { get; set; }

    /// <summary>Forgets revisions that are neither wanted nor running.</summary>
    public void Keep(IReadOnlySet<RevisionId> revisions)
    {
        Drop(Failed, revisions);
        Drop(Proven, revisions);
        Drop(Runnable, revisions);
        Drop(FirstRefusal, revisions);
        WaitTold.IntersectWith(revisions);
        foreach (var watch in Watches.Keys.Where(key => !revisions.Contains(key.Revision)).ToList()) Watches.Remove(watch);
    }

    private static void Drop<T>(Dictionary<RevisionId, T> dictionary, IReadOnlySet<RevisionId> keep)
    {
        foreach (var key in dictionary.Keys.Where(key => !keep.Contains(key)).ToList()) dictionary.Remove(key);
    }
}
