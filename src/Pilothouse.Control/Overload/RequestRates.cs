using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Access;

namespace Pilothouse.Control.Overload;

/// <summary>How many requests a second: a bucket of tokens for each key, or user, and one for each workspace.</summary>
internal sealed class RequestRates : IDisposable
{
    private static readonly TimeSpan s_shortestPeriod = TimeSpan.FromMilliseconds(100);

    private readonly PartitionedRateLimiter<Caller> _ofKeys;
    private readonly PartitionedRateLimiter<Caller> _ofWorkspaces;

    public RequestRates(IOptions<OverloadOptions> options)
    {
        var limits = options.Value;
        _ofKeys = Buckets(caller => caller.ApiKey ?? caller.Subject, limits.KeyRequestsPerSecond, limits.KeyBurst);
        _ofWorkspaces = Buckets(caller => caller.Workspace.Value, limits.WorkspaceRequestsPerSecond, limits.WorkspaceBurst);
    }

    /// <returns>Null when the request may go on; else which limit it met, and when to come again.</returns>
    public (string Limit, TimeSpan RetryAfter)? Take(Caller caller)
    {
        using var ofKey = _ofKeys.AttemptAcquire(caller);
        if (!ofKey.IsAcquired) return (nameof(OverloadOptions.KeyRequestsPerSecond), RetryAfter(ofKey));
        using var ofWorkspace = _ofWorkspaces.AttemptAcquire(caller);
        return ofWorkspace.IsAcquired ? null : (nameof(OverloadOptions.WorkspaceRequestsPerSecond), RetryAfter(ofWorkspace));
    }

    public void Dispose()
    {
        _ofKeys.Dispose();
        _ofWorkspaces.Dispose();
    }

    private static PartitionedRateLimiter<Caller> Buckets(Func<Caller, Guid> holder, int perSecond, int burst)
    {
        var period = TimeSpan.FromSeconds(1d / perSecond);
        if (period < s_shortestPeriod) period = s_shortestPeriod;
        var settings = new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = Math.Max(1, (int)Math.Round(perSecond * period.TotalSeconds)),
            ReplenishmentPeriod = period,
            AutoReplenishment = false,
        };
        return PartitionedRateLimiter.Create<Caller, Guid>(caller => RateLimitPartition.GetTokenBucketLimiter(holder(caller), _ => settings));
    }

    private static TimeSpan RetryAfter(RateLimitLease refused) => refused.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : s_shortestPeriod;
}
