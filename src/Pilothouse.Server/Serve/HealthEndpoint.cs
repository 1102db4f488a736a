using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Server.Serve;

internal static class HealthEndpoint
{
    /// <summary><c>GET /ok</c>: 200 <c>{"ok":true}</c> when the store answers; 503 with a sentence when it does not. Asks for no key.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/ok", AnswerAsync);

    private static async Task<IResult> AnswerAsync(IDbContextFactory<PilothouseDb> databases, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Database.CanConnectAsync(cancellationToken)
            ? Results.Text("""{"ok":true}""", "application/json")
            : Results.Text("""{"detail":"The store does not answer."}""", "application/json", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
