using Pilothouse.Core.Deployments;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process.Tests.World;

/// <summary>The place in a replica's life where <see cref="FaultyLimits"/> throws what nobody expects.</summary>
public enum FaultAt
{
    Nowhere,
    Open,
    Enter,
    OutOfMemoryKills,
    Members,
    Guard,
    Remove,
}

/// <summary>Limits nothing.</summary>
/// <param name="at">Throws there.</param>
/// <param name="times">So often; afterwards all goes well.</param>
internal sealed class FaultyLimits(FaultAt at, int times = 1) : IResourceLimits, IEnclosure
{
    private int _left = times;

    public Action Opened { get; set; } = () => { };

    public Action Entered { get; set; } = () => { };

    public string Description => "nothing";

    public static string Message(FaultAt at) => $"Nobody expects this at {at}.";

    public IEnclosure Open(string name, ReplicaLimits limits)
    {
        Opened();
        Reach(FaultAt.Open);
        return this;
    }

    public bool Enter(int processId)
    {
        Entered();
        Reach(FaultAt.Enter);
        return true;
    }

    public long OutOfMemoryKills()
    {
        Reach(FaultAt.OutOfMemoryKills);
        return 0;
    }

    public IReadOnlyCollection<int> Members()
    {
        Reach(FaultAt.Members);
        return [];
    }

    public Task GuardAsync(Members members, CancellationToken cancellationToken)
    {
        Reach(FaultAt.Guard);
        return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    public void Remove() => Reach(FaultAt.Remove);

    public IReadOnlyCollection<int> AllMembers() => [];

    public void RemoveAll()
    {
        // Nothing was made.
    }

    private void Reach(FaultAt place)
    {
        if (place == at && Interlocked.Decrement(ref _left) >= 0) throw new InvalidOperationException(Message(place));
    }
}
