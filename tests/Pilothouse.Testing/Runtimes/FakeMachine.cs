using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Testing.Runtimes;

/// <summary>
/// What is below a <see cref="FakeRuntime"/> and outlives it: processes of one that died run on until the next one sweeps. All members may be
/// called from several threads.
/// </summary>
public sealed class FakeMachine
{
    private readonly Lock _lock = new();
    private readonly List<FakeProcess> _processes = [];
    private int _lastId = 100_000;

    /// <summary>Numbers of all that are alive.</summary>
    public IReadOnlyCollection<int> Processes
    {
        get
        {
            lock (_lock) return [.. _processes.Select(process => process.Id)];
        }
    }

    /// <returns>The number of the first of <paramref name="count"/> processes, which leads them.</returns>
    internal int Start(ReplicaSpec spec, int count)
    {
        lock (_lock)
        {
            var leader = _lastId + 1;
            for (var number = 0; number < count; number++) _processes.Add(new FakeProcess(++_lastId, leader, spec));
            return leader;
        }
    }

    /// <summary>With all that it started.</summary>
    internal void End(int leader)
    {
        lock (_lock) _processes.RemoveAll(process => process.Leader == leader);
    }

    /// <returns>How many there were.</returns>
    internal int EndAll()
    {
        lock (_lock)
        {
            var count = _processes.Count;
            _processes.Clear();
            return count;
        }
    }

    /// <summary>Who runs already on the state files that <paramref name="spec"/> wants for itself; null when nobody does.</summary>
    internal ReplicaSpec? OnFilesOf(ReplicaSpec spec)
    {
        if (spec.IsScratch || spec.Launch.State != StateLocation.Files) return null;
        lock (_lock)
        {
            return _processes.Select(process => process.Spec).FirstOrDefault(other =>
                !other.IsScratch && string.Equals(other.StateDirectory, spec.StateDirectory, StringComparison.Ordinal));
        }
    }

    private sealed record FakeProcess(int Id, int Leader, ReplicaSpec Spec);
}
