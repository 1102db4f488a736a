namespace Pilothouse.Core.Routing;

/// <summary>Sends callers to the replicas of a deployment's serving revision, and moves them without refusing one.</summary>
public interface IGateway
{
    /// <summary>Sets or replaces the deployment's route at once; requests under way stay where they are.</summary>
    void Publish(Route route);

    /// <summary>Callers of the deployment get 404 from now on.</summary>
    void Remove(DeploymentId deployment);

    /// <summary>Null when the deployment has no route.</summary>
    Route? Find(DeploymentId deployment);

    /// <summary>Requests under way right now, longest first.</summary>
    IReadOnlyList<RequestUnderWay> UnderWay(DeploymentId deployment);

    /// <summary>
    /// From now on new requests of the deployment wait instead of being sent, until <see cref="IRouteHold.Release"/>. A held request waits at most
    /// <paramref name="holdLimit"/> and is then answered 503 with Retry-After (which counts as refused). Disposing a hold that was not released
    /// releases it to the route that was there.
    /// </summary>
    IRouteHold Hold(DeploymentId deployment, TimeSpan holdLimit);
}

public interface IRouteHold : IDisposable
{
    /// <summary>Waits until no request sent before the hold is under way.</summary>
    /// <returns>False when <paramref name="limit"/> passed first.</returns>
    Task<bool> DrainAsync(TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>Publishes <paramref name="next"/>, lets the held requests go there, and gives the proof of the switch.</summary>
    SwitchCounts Release(Route next);
}

/// <param name="Label"><c>{name}-{hash}</c>: the path segment under <c>/lgp/</c> and the host label under the wildcard domain.</param>
/// <param name="Endpoints">Replicas that are ready; none means: callers wait a moment for one, then get 503 with Retry-After.</param>
/// <param name="RequiresKey">Callers need a key of the workspace; false when the project brings its own auth.</param>
public sealed record Route(
    WorkspaceId Workspace,
    DeploymentId Deployment,
    string Label,
    RevisionId Revision,
    IReadOnlyList<Uri> Endpoints,
    bool RequiresKey);

/// <param name="Age">How long it has been under way.</param>
public sealed record RequestUnderWay(RevisionId Revision, TimeSpan Age);

/// <summary>The proof of a switch, in numbers.</summary>
/// <param name="UnderWayAtHold">Requests under way when the hold began.</param>
/// <param name="Held">Requests that arrived during the hold.</param>
/// <param name="Moved">Held requests that went to the new revision.</param>
/// <param name="Refused">Held requests that were answered with an error; must be 0.</param>
/// <param name="LongestWait">The longest that a held caller waited.</param>
public sealed record SwitchCounts(int UnderWayAtHold, int Held, int Moved, int Refused, TimeSpan LongestWait);

/// <summary>Whether a caller may reach agents of a workspace. Asked on each request, so answers are cached by the implementation.</summary>
public interface ICallerCheck
{
    /// <param name="apiKey">The <c>X-Api-Key</c> header (or the bearer token) as it came; null when there was none.</param>
    /// <exception cref="CallerUnknownException">It cannot be told at present.</exception>
    ValueTask<bool> MayCallAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken);
}

/// <summary>Whether a caller may do something cannot be told, since whoever knows it does not answer.</summary>
public sealed class CallerUnknownException(string message, Exception inner) : Exception(message, inner);
