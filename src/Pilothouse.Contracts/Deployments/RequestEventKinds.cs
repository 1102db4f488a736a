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
}
