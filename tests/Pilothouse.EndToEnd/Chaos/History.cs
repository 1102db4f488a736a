namespace Pilothouse.EndToEnd.Chaos;

/// <summary>One call of a client.</summary>
/// <param name="Kind"><c>create patch delete call</c>.</param>
/// <param name="Revision">That a patch made, by its answer.</param>
/// <param name="Status">Of the answer; 0 when there was none.</param>
internal sealed record Act(string Kind, Guid? Deployment, Guid? Revision, int Status, DateTimeOffset Began, DateTimeOffset Ended)
{
    public bool IsAcknowledged => Status is >= 200 and < 300;
}

/// <summary>A status that the database saw a revision enter, by a trigger: nobody's opinion, and in the order in which it was written.</summary>
/// <param name="From">Empty for a new revision.</param>
/// <param name="Writer">The control plane that wrote it.</param>
/// <param name="Holder">The control plane that held the agents' lease then; empty for none.</param>
internal sealed record Entered(long Order, Guid Deployment, Guid Revision, string From, string To, string Writer, string Holder);

/// <summary>What is there at the end.</summary>
/// <param name="Replicas">Deployments of the replicas that run, one for each replica.</param>
/// <param name="Switches">Numbers of the proofs: callers that were refused and cut by a switch.</param>
internal sealed record Remains(
    IReadOnlySet<Guid> Deployments, IReadOnlyDictionary<Guid, string> Revisions, IReadOnlyCollection<Guid> Serving, IReadOnlyList<Guid> Replicas,
    IReadOnlyList<(int Refused, int Cut)> Switches);
