using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

internal sealed class ReadTokens(IDbContextFactory<PilothouseDb> databases)
{
    /// <param name="slug">Null: of all providers.</param>
    public async Task<IReadOnlyList<StoredToken>> OwnAsync(Caller caller, string? slug, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await TokenStore.ListAsync(db, caller.Workspace, TokenOwner.OfCaller(caller.Subject), slug, cancellationToken);
    }
}
