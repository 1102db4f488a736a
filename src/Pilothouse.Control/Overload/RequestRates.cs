using Microsoft.Extensions.Options;
using Pilothouse.Control.Access;
using Pilothouse.Core;

namespace Pilothouse.Control.Overload;

/// <summary>How many requests a second: of each key, or user, and of each workspace.</summary>
internal sealed class RequestRates(IOptions<OverloadOptions> options, TimeProvider clock)
{
    private readonly TokenBuckets<Guid> _ofKeys = new(options.Value.KeyRequestsPerSecond, options.Value.KeyBurst, clock);
    private readonly TokenBuckets<WorkspaceId> _ofWorkspaces = new(options.Value.WorkspaceRequestsPerSecond, options.Value.WorkspaceBurst, clock);

    /// <returns>Null when the request may go on; else which limit it met, and when to come again.</returns>
    public (string Limit, TimeSpan RetryAfter)? Take(Caller caller)
    {
        if (_ofKeys.Take(caller.ApiKey ?? caller.Subject) is { } afterKey) return (nameof(OverloadOptions.KeyRequestsPerSecond), afterKey);
        return _ofWorkspaces.Take(caller.Workspace) is { } afterOthers ? (nameof(OverloadOptions.WorkspaceRequestsPerSecond), afterOthers) : null;
    }
}
