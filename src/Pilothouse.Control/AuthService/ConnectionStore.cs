using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>
/// Which token an agent uses; one per agent and provider. Everybody in the workspace sees them; who made one may replace and remove it, and so may
/// who may act for others.
/// </summary>
internal sealed class ConnectionStore(IDbContextFactory<PilothouseDb> databases, ImportToken importToken, TimeProvider clock)
{
    /// <summary>Oldest first.</summary>
    public async Task<IReadOnlyList<AgentConnection>> ListAsync(WorkspaceId workspace, string agent, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await AnswersAsync(
            db, db.AgentConnections.Where(row => row.WorkspaceId == workspace.Value && row.AgentId == agent), cancellationToken);
    }

    /// <summary>Binds one of the caller's own tokens; in place of what the agent had for that provider.</summary>
    public async Task<Outcome<AgentConnection>> CreateAsync(Caller caller, string agent, Guid token, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        var owned = await TokenStore.Of(db, caller.Workspace, TokenOwner.OfCaller(caller.Subject)).AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == token, cancellationToken);
        if (owned is null) return TokenStore.NotFound(token.ToString());
        return await BindAsync(db, transaction, caller, agent, owned, cancellationToken);
    }

    /// <summary>Keeps a token as the agent's own and binds it.</summary>
    public async Task<Outcome<AgentConnection>> UpsertAsync(
        Caller caller, string agent, string slug, OAuthTokenImport import, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        if (await ProviderStore.FindAsync(db, caller.Organization, slug, cancellationToken) is not { } provider) return ProviderStore.NotFound(slug);
        if (!TokenOwner.MayActForOthers(caller))
            return new Rejection(Codes.Forbidden, $"This API key has the role '{caller.Role}', which may not give tokens to agents.");
        var token = await importToken.RowAsync(caller, provider.Id, TokenOwner.OfAgent(agent), import, cancellationToken);
        await TokenStore.AddAsync(db, token, cancellationToken);
        return await BindAsync(db, transaction, caller, agent, token, cancellationToken);
    }

    public async Task<Rejection?> RemoveAsync(Caller caller, string agent, string connection, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        var id = Guid.TryParse(connection, out var parsed) ? parsed : Guid.Empty;
        var row = await db.AgentConnections.AsNoTracking()
            .SingleOrDefaultAsync(row => row.WorkspaceId == caller.Workspace.Value && row.AgentId == agent && row.Id == id, cancellationToken);
        if (row is null) return new Rejection(Codes.NotFound, $"Agent connection ID {connection} not found.");
        if (NotYours(caller, row) is { } refused) return refused;
        await DropAsync(db, row, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private static Rejection? NotYours(Caller caller, AgentConnectionRow row) =>
        row.CreatedBy == caller.Subject || TokenOwner.MayActForOthers(caller)
            ? null
            : new Rejection(
                Codes.Forbidden, $"Agent ID {row.AgentId} has a connection that somebody else made, and the role '{caller.Role}' may not change it.");

    private async Task<Outcome<AgentConnection>> BindAsync(
        PilothouseDb db, Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, Caller caller, string agent, OAuthTokenRow token,
        CancellationToken cancellationToken)
    {
        var former = await db.AgentConnections.AsNoTracking().SingleOrDefaultAsync(
            row => row.WorkspaceId == caller.Workspace.Value && row.AgentId == agent && row.ProviderRowId == token.ProviderRowId, cancellationToken);
        if (former is not null && NotYours(caller, former) is { } refused) return refused;
        if (former is not null) await DropAsync(db, former, cancellationToken);

        var now = clock.GetStoredNow();
        var row = new AgentConnectionRow
        {
            Id = TimeOrderedUuid.New(),
            WorkspaceId = caller.Workspace.Value,
            AgentId = agent,
            ProviderRowId = token.ProviderRowId,
            TokenId = token.Id,
            CreatedBy = caller.Subject,
            CreatedAt = now,
        };
        db.AgentConnections.Add(row);
        await db.SaveChangesAsync(cancellationToken);
        var answers = await AnswersAsync(db, db.AgentConnections.Where(one => one.Id == row.Id), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answers[0];
    }

    /// <summary>A token that nobody but the agent had goes with the last connection to it.</summary>
    private static async Task DropAsync(PilothouseDb db, AgentConnectionRow row, CancellationToken cancellationToken)
    {
        await db.AgentConnections.Where(one => one.Id == row.Id).ExecuteDeleteAsync(cancellationToken);
        var token = await db.OAuthTokens.AsNoTracking()
            .SingleOrDefaultAsync(one => one.WorkspaceId == row.WorkspaceId && one.Id == row.TokenId, cancellationToken);
        if (token is null || !TokenOwner.IsAgent(token.Owner)) return;
        if (!await db.AgentConnections.AnyAsync(one => one.TokenId == token.Id, cancellationToken))
            await TokenStore.RemoveAsync(db, token, cancellationToken);
    }

    private static async Task<IReadOnlyList<AgentConnection>> AnswersAsync(
        PilothouseDb db, IQueryable<AgentConnectionRow> rows, CancellationToken cancellationToken)
    {
        var found = await rows.AsNoTracking()
            .Join(db.OAuthTokens, row => row.TokenId, token => token.Id, (row, token) => new { row, token })
            .Join(db.OAuthProviders, pair => pair.row.ProviderRowId, provider => provider.Id, (pair, provider) => new { pair.row, pair.token, provider.ProviderId })
            .OrderBy(one => one.row.CreatedAt).ThenBy(one => one.row.Id)
            .ToListAsync(cancellationToken);
        return
        [
            .. found.Select(one => new AgentConnection
            {
                Id = one.row.Id,
                AgentId = one.row.AgentId,
                OauthTokenId = one.token.Id,
                ProviderId = one.ProviderId,
                ProviderAccountLabel = one.token.Label,
                Scopes = ScopeSet.FromJson(one.token.Scopes),
                ExpiresAt = one.token.ExpiresAt,
                CreatedBy = one.row.CreatedBy.ToString("D"),
                CreatedAt = one.row.CreatedAt,
            }),
        ];
    }
}
