namespace Pilothouse.Contracts.Deployments;

/// <summary>Kinds of <see cref="RevisionEvent"/> that tell how a request was understood.</summary>
public static class RequestEventKinds
{
    /// <summary>A request made the revision, which waits for its turn; <see cref="RevisionEvent.Status"/> is <c>QUEUED</c>.</summary>
    public const string Queued = "queued";

    /// <summary>A request asked for the deployment's deletion; it happens from now on.</summary>
    public const string DeletionRequested = "deletion_requested";

    /// <summary>An empty list of secrets came together with new source; the stored secrets were left alone.</summary>
    public const string SecretsKept = "secrets_kept";

    /// <summary>The revision carries what an earlier one carried; <see cref="RevisionEvent.Data"/> is <c>{"revision_id": …, "number": …}</c> of that one.</summary>
    public const string Redeployed = "redeployed";

    /// <summary>The revision goes back to an earlier one, and stays; <see cref="RevisionEvent.Data"/> is the <see cref="Rollback"/>.</summary>
    public const string RolledBack = "rolled_back";

    /// <summary>The rollback holds nothing back any more; <see cref="RevisionEvent.Data"/> is the <see cref="Rollback"/> that was.</summary>
    public const string Resumed = "resumed";
}
