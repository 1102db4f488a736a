using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Idempotency;

/// <summary>
/// What one request that changes something is bound to: its preconditions, its <c>Idempotency-Key</c>, and what it has made so far. It flows beside
/// the call, so that the transactions deep below check and record it without every use case passing it on.
/// </summary>
internal sealed class ChangeScope
{
    private static readonly AsyncLocal<ChangeScope?> s_current = new();

    private ChangeScope(HttpContext http) => (Http, Conditions, ClientGone) = (http, RequestConditions.Of(http), http.RequestAborted);

    /// <summary>Null outside a request, and in one that only reads.</summary>
    public static ChangeScope? Current => s_current.Value;

    /// <summary>The request.</summary>
    public HttpContext Http { get; }

    /// <summary>What the audit log was told with the change itself; null until then.</summary>
    public AuditRow? Told { get; set; }

    public RequestConditions? Conditions { get; }

    /// <summary>Ends waiting, and not the work: a keyed request is finished also for a client that has left.</summary>
    public CancellationToken ClientGone { get; }

    /// <summary>Null for a request without a key.</summary>
    public RequestClaim? Claim { get; set; }

    public Guid? Deployment { get; private set; }

    /// <summary>The revision that this request made.</summary>
    public Guid? Revision { get; private set; }

    /// <summary>An earlier try of this request made them and could not answer.</summary>
    public bool IsRecovered { get; private set; }

    /// <summary>The client left while it waited: the answer is not the last word, and a repeated request waits on.</summary>
    public bool IsCut { get; set; }

    /// <summary>For the rest of the calling method and what it calls.</summary>
    public static ChangeScope Begin(HttpContext http) => s_current.Value = new ChangeScope(http);

    public void Recover(Guid deployment, Guid? revision) => (Deployment, Revision, IsRecovered) = (deployment, revision, true);

    /// <summary>
    /// Call it in the transaction that writes: what was made, and that this request made it, are then there together or not at all.
    /// </summary>
    /// <exception cref="BadHttpRequestException">
    /// 409, and nothing must be committed: an earlier try took effect, or the request took so long that another try of it has begun.
    /// </exception>
    public static async Task MadeAsync(PilothouseDb db, Guid deployment, Guid? revision, CancellationToken cancellationToken)
    {
        if (Current is not { } scope) return;
        if (scope.IsRecovered) throw DoneBefore(scope.Deployment!.Value);
        (scope.Deployment, scope.Revision) = (deployment, revision);
        if (scope.Claim is not { } claim) return;
        var held = await db.RequestKeys.HeldBy(claim).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.DeploymentId, deployment).SetProperty(row => row.RevisionId, revision), cancellationToken);
        if (held == 0)
            throw new BadHttpRequestException("Another request with the same Idempotency-Key took this one's place; repeat it.", StatusCodes.Status409Conflict);
    }

    /// <summary>For a call that cannot answer from what an earlier try made: see <see cref="ChangeAnswerFilters.AnswersChange"/>.</summary>
    private static BadHttpRequestException DoneBefore(Guid deployment) => new(
        $"The first request with this Idempotency-Key took effect on deployment ID {deployment}, and its answer was lost: read the deployment.",
        StatusCodes.Status409Conflict);

    /// <summary>Null while the request's preconditions hold for the deployment as it was read.</summary>
    public static Rejection? FindStale(DeploymentRow row) => Current?.Conditions?.FindStale(row);
}
