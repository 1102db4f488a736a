using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;

namespace Pilothouse.Listener.Pulling;

/// <summary>What the control plane wants, as last heard. Readers get a snapshot; one writer replaces it.</summary>
internal sealed class WantedDeployments
{
    private readonly Lock _lock = new();
    private volatile IReadOnlyDictionary<DeploymentId, WantedDeployment> _all = new Dictionary<DeploymentId, WantedDeployment>();
    private volatile bool _isLoaded;

    /// <summary>Everything was heard once; before that nothing may be stopped for not being wanted.</summary>
    public bool IsLoaded => _isLoaded;

    public IReadOnlyCollection<DeploymentId> Keys => [.. _all.Keys];

    /// <summary>Everything, as one answer would say it.</summary>
    public PullAnswer Everything(long cursor) => new(cursor, IsFull: true, [.. _all.Values]);

    /// <summary>Artifacts that are wanted.</summary>
    public IReadOnlySet<string> Digests() => _all.Values
        .SelectMany(wanted => (WantedRevision?[])[wanted.Active, wanted.Next])
        .OfType<WantedRevision>()
        .Select(revision => revision.ArtifactDigest)
        .ToHashSet(StringComparer.Ordinal);

    public WantedDeployment? Find(DeploymentId deployment) => _all.GetValueOrDefault(deployment);

    /// <returns>Deployments to look at again.</returns>
    public IReadOnlyCollection<DeploymentId> Apply(PullAnswer answer)
    {
        lock (_lock)
        {
            var next = answer.IsFull ? [] : _all.ToDictionary();
            var changed = answer.IsFull ? _all.Keys.ToHashSet() : [];
            foreach (var wanted in answer.Deployments)
            {
                var deployment = new DeploymentId(wanted.Id);
                // Answers may overtake one another; generations do not.
                if (!answer.IsFull && next.TryGetValue(deployment, out var known) && known.Generation > wanted.Generation) continue;
                next[deployment] = wanted;
                changed.Add(deployment);
            }

            _all = next;
            _isLoaded = _isLoaded || answer.IsFull;
            return changed;
        }
    }

    /// <summary>A deleted deployment whose end the control plane has taken.</summary>
    public void Forget(DeploymentId deployment)
    {
        lock (_lock)
        {
            var next = _all.ToDictionary();
            if (next.Remove(deployment)) _all = next;
        }
    }
}
