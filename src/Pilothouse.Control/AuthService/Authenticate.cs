using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>
/// Gives a token that covers the scopes, or the address where the user consents. Looked at in this order: the token that was named; the agent's
/// connection; the user's default for the provider.
/// </summary>
internal sealed class Authenticate(IDbContextFactory<PilothouseDb> databases, RefreshToken refreshToken, StartConsent startConsent)
{
    /// <param name="redirectUri">Where the provider sends the user back to.</param>
    public async Task<Outcome<AuthenticateAnswer>> RunAsync(
        Caller caller, AuthenticateRequest request, string redirectUri, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await ProviderStore.FindAsync(db, caller.Organization, request.Provider, cancellationToken) is not { } provider)
            return ProviderStore.NotFound(request.Provider);
        var user = UserOf(caller, request);
        if (user is not null && !TokenOwner.MayActForOthers(caller))
            return new Rejection(Codes.Forbidden, $"This API key has the role '{caller.Role}', which may not use tokens of other users: leave user_id out.");
        var owner = user is null ? TokenOwner.OfCaller(caller.Subject) : TokenOwner.OfEndUser(user);

        var named = request.TokenId is { } id
            ? await TokenStore.Of(db, caller.Workspace, owner).AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.ProviderRowId == provider.Id, cancellationToken)
            : null;
        if (request.TokenId is { } missing && named is null) return TokenStore.NotFound(missing.ToString());

        var candidates = request.ForceNew ? [] : named is not null ? [named] : await CandidatesAsync(db, caller, provider.Id, owner, request.AgentId, cancellationToken);
        var (answer, hasExpired) = await FirstUsableAsync(candidates, request, cancellationToken);
        if (answer is not null) return answer.Value.IsAccepted ? answer.Value.Value with { UserId = request.UserId } : answer.Value;
        if (request.CheckOnly)
            return new AuthenticateAnswer { Status = hasExpired ? AuthStatuses.TokenExpired : AuthStatuses.ConnectionRequired, UserId = request.UserId };

        var replaces = named ?? candidates.FirstOrDefault(row => row.Owner.Equals(owner, StringComparison.Ordinal));
        var started = await startConsent.RunAsync(
            caller,
            new WantedConsent(provider, owner, request.Scopes, request.IsDefault, request.RedirectUri ?? provider.RedirectUri ?? redirectUri, replaces),
            cancellationToken);
        return new AuthenticateAnswer { Status = AuthStatuses.Pending, Url = started.Url, AuthId = started.AuthId, UserId = request.UserId };
    }

    /// <summary>Null: the caller itself.</summary>
    private static string? UserOf(Caller caller, AuthenticateRequest request)
    {
        var user = string.IsNullOrEmpty(request.UserId) ? request.LsUserId : request.UserId;
        return string.IsNullOrEmpty(user) || (Guid.TryParse(user, out var id) && id == caller.Subject) ? null : user;
    }

    /// <summary>A connection to another's token is for those who may act for others; the rest go on with their own.</summary>
    private static async Task<IReadOnlyList<OAuthTokenRow>> CandidatesAsync(
        PilothouseDb db, Caller caller, Guid provider, string owner, string? agent, CancellationToken cancellationToken)
    {
        var candidates = new List<OAuthTokenRow>();
        if (!string.IsNullOrEmpty(agent))
        {
            var connected = await db.AgentConnections
                .Where(row => row.WorkspaceId == caller.Workspace.Value && row.AgentId == agent && row.ProviderRowId == provider)
                .Join(db.OAuthTokens.AsNoTracking(), row => row.TokenId, token => token.Id, (_, token) => token)
                .SingleOrDefaultAsync(cancellationToken);
            var isOwn = string.Equals(connected?.Owner, TokenOwner.OfCaller(caller.Subject), StringComparison.Ordinal);
            if (connected is not null && (isOwn || TokenOwner.MayActForOthers(caller))) candidates.Add(connected);
        }

        var own = await TokenStore.Of(db, caller.Workspace, owner).AsNoTracking()
            .SingleOrDefaultAsync(row => row.ProviderRowId == provider && row.IsDefault, cancellationToken);
        if (own is not null && candidates.All(row => row.Id != own.Id)) candidates.Add(own);
        return candidates;
    }

    private async Task<(Outcome<AuthenticateAnswer>? Answer, bool HasExpired)> FirstUsableAsync(
        IReadOnlyList<OAuthTokenRow> candidates, AuthenticateRequest request, CancellationToken cancellationToken)
    {
        var hasExpired = false;
        foreach (var candidate in candidates.Where(row => ScopeSet.Cover(row, request.Scopes)))
        {
            switch (await refreshToken.UseAsync(candidate, cancellationToken))
            {
                case TokenState.Usable usable:
                    return (Completed(usable), false);
                case TokenState.Unavailable:
                    return (new Rejection(
                        Codes.Unavailable, $"OAuth provider ID {request.Provider} did not refresh the token that expired: try again."), true);
                case TokenState.Expired:
                    hasExpired = true;
                    break;
            }
        }

        return (null, hasExpired);
    }

    private static AuthenticateAnswer Completed(TokenState.Usable usable)
    {
        using var metadata = usable.Row.Metadata is { } json ? JsonDocument.Parse(json) : null;
        return new AuthenticateAnswer
        {
            Status = AuthStatuses.Completed,
            Token = usable.Access,
            ExpiresAt = usable.Row.ExpiresAt,
            Metadata = metadata?.RootElement.Clone(),
        };
    }
}
