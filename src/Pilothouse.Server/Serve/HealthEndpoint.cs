using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Routing;

namespace Pilothouse.Server.Serve;

/// <summary>
/// <c>GET /ok</c>: 200 <c>{"ok":true}</c> when the store answers and every agent that served before has its route again; 503 with a sentence until then.
/// Asks for no key.
/// </summary>
internal sealed class HealthEndpoint(IDbContextFactory<PilothouseDb> databases, IGateway gateway, TimeProvider time)
{
    /// <summary>An agent that does not come back must not keep the others from being called.</summary>
    private static readonly TimeSpan s_routesLimit = TimeSpan.FromSeconds(15);

    private readonly long _began = time.GetTimestamp();
    private volatile bool _hasRoutes;

    public async Task<IResult> AnswerAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Database.CanConnectAsync(cancellationToken)) return NotYet("The store does not answer.");
        _hasRoutes = _hasRoutes || time.GetElapsedTime(_began) > s_routesLimit || await HaveRoutesAsync(db, cancellationToken);
        return _hasRoutes ? Results.Text("""{"ok":true}""", "application/json") : NotYet("The agents' routes are being set up.");
    }

    private async Task<bool> HaveRoutesAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        var serving = await db.Deployments
            .Where(row => row.ActiveRevisionId != null && row.Status != DeploymentStatus.AwaitingDelete)
            .Select(row => row.Id)
            .ToListAsync(cancellationToken);
        return serving.TrueForAll(id => gateway.Find(new DeploymentId(id)) is not null);
    }

    private static IResult NotYet(string detail) =>
        Results.Text($$"""{"detail":"{{detail}}"}""", "application/json", statusCode: StatusCodes.Status503ServiceUnavailable);
}
