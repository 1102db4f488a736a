using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Audit;

/// <summary>Removes what has been kept long enough.</summary>
internal sealed class AuditSweep(IDbContextFactory<PilothouseDb> databases, IOptions<AuditOptions> options, TimeProvider clock)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var old = clock.GetUtcNow() - options.Value.Retention;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Audit.Where(row => row.At < old).ExecuteDeleteAsync(cancellationToken);
        await db.ApiKeys.Where(row => row.RevokedAt < old || row.ExpiresAt < old).ExecuteDeleteAsync(cancellationToken);
    }
}
