using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>Ascending numbers of the whole store.</summary>
internal static class Counters
{
    private const string Changes = "changes";

    /// <summary>
    /// The next position in the change feed. Take it inside the transaction that writes the change: transactions that take one commit in the order
    /// of their numbers, so a reader who has seen n has seen all below n.
    /// </summary>
    public static async Task<long> NextChangeAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        if (db.Database.CurrentTransaction is null)
            throw new InvalidOperationException("NextChangeAsync outside a transaction: the number could be seen before its change.");
        var values = await db.Database.SqlQuery<long>(
            $"""
             INSERT INTO counters (name, value) VALUES ({Changes}, 1)
             ON CONFLICT (name) DO UPDATE SET value = counters.value + 1
             RETURNING value AS "Value"
             """).ToListAsync(cancellationToken);
        return values.Single();
    }

    /// <summary>The newest position handed out and committed; 0 before the first.</summary>
    public static async Task<long> LastChangeAsync(PilothouseDb db, CancellationToken cancellationToken) =>
        await db.Counters.Where(row => row.Name == Changes).Select(row => row.Value).SingleOrDefaultAsync(cancellationToken);
}
