using Pilothouse.Core.Deployments;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process.Limits;

/// <summary>How this machine holds replicas to their CPU and memory.</summary>
internal interface IResourceLimits
{
    /// <summary>For people, e.g. <c>cgroup v1 (memory, cpu)</c>.</summary>
    string Description { get; }

    /// <summary>An empty enclosure for one replica; what a dead control plane left of it is replaced.</summary>
    /// <exception cref="IOException">The kernel refused; safe to retry.</exception>
    IEnclosure Open(string name, ReplicaLimits limits);

    /// <summary>Numbers of all processes in enclosures of this data directory, whoever opened them.</summary>
    IReadOnlyCollection<int> AllMembers();

    /// <summary>Removes all enclosures of this data directory; those that still hold a process stay.</summary>
    void RemoveAll();
}

/// <summary>Where one replica's processes run.</summary>
internal interface IEnclosure
{
    /// <summary>Puts a process there, with all that it starts from now on. Never throws: a process that is gone already needs no limit.</summary>
    /// <returns>False when the process goes unlimited.</returns>
    bool Enter(int processId);

    IReadOnlyCollection<int> Members();

    /// <summary>How many processes the memory limit has killed so far.</summary>
    long OutOfMemoryKills();

    /// <summary>Enforces the limits where the kernel does not do it by itself, until cancelled.</summary>
    Task GuardAsync(Members members, CancellationToken cancellationToken);

    void Remove();
}
