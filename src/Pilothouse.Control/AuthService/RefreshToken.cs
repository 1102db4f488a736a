using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

/// <summary>A token as it can be used now.</summary>
internal abstract record TokenState
{
    public sealed record Usable(OAuthTokenRow Row, string Access) : TokenState;

    /// <summary>It has expired, and only its user can help.</summary>
    public sealed record Expired : TokenState;

    /// <summary>It has expired, and its provider does not answer at present.</summary>
    public sealed record Unavailable : TokenState;

    public sealed record Gone : TokenState;
}

/// <summary>
/// Gives access tokens that have not expired. However many ask at the same moment, a token is refreshed once: a provider that rotates refresh tokens
/// takes a second use for theft. Callers of this process share one refresh; those of others see the claim in the row and wait for its end.
/// A refresh cut off between the provider's answer and our commit leaves a refresh token that the provider refuses, and thereby a token that
/// needs consent; it is never lost without a word.
/// </summary>
internal sealed class RefreshToken(
    IDbContextFactory<PilothouseDb> databases, AuthSecrets secrets, TokenEndpoint endpoint, IOptions<AuthServiceOptions> options, TimeProvider clock,
    ILogger<RefreshToken> logger)
{
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>For what must be written after the provider has answered.</summary>
    private static readonly TimeSpan s_writeLimit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, Lazy<Task<TokenState>>> _running = new();

    public async Task<TokenState> UseAsync(OAuthTokenRow row, CancellationToken cancellationToken)
    {
        if (!IsDue(row)) return await UsableAsync(row, cancellationToken);
        var work = _running.GetOrAdd(row.Id, id => new Lazy<Task<TokenState>>(() => RunAsync(id)));
        return await work.Value.WaitAsync(cancellationToken);
    }

    private bool IsDue(OAuthTokenRow row) => row.ExpiresAt is { } end && end - options.Value.RefreshEarly <= clock.GetStoredNow();

    private bool HasExpired(OAuthTokenRow row) => row.ExpiresAt is { } end && end <= clock.GetStoredNow();

    /// <summary>Whoever waits may leave; the work goes on.</summary>
    private async Task<TokenState> RunAsync(Guid id)
    {
        using var limit = new CancellationTokenSource(options.Value.RefreshLimit, clock);
        try
        {
            while (true)
            {
                await using var db = await databases.CreateDbContextAsync(limit.Token);
                if (await db.OAuthTokens.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, limit.Token) is not { } row) return new TokenState.Gone();
                if (!IsDue(row)) return await UsableAsync(row, limit.Token);
                var tokens = await secrets.OpenTokenAsync(row.WorkspaceId, row.Id, row.Secrets, limit.Token);
                if (row.NeedsConsent || tokens.Refresh is null) return await OldAsync(row, new TokenState.Expired(), limit.Token);
                if (await ClaimAsync(db, row, limit.Token)) return await RefreshAsync(db, row, tokens.Refresh, limit.Token);
                await Task.Delay(s_lookAgain, clock, limit.Token);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new TokenState.Unavailable();
        }
        finally
        {
            _running.TryRemove(id, out _);
        }
    }

    private async Task<bool> ClaimAsync(PilothouseDb db, OAuthTokenRow row, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        var until = now + options.Value.RefreshLimit;
        return await db.OAuthTokens
            .Where(one => one.Id == row.Id && one.Version == row.Version && (one.RefreshingUntil == null || one.RefreshingUntil < now))
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.RefreshingUntil, until), cancellationToken) > 0;
    }

    private async Task<TokenState> RefreshAsync(PilothouseDb db, OAuthTokenRow row, string refreshToken, CancellationToken cancellationToken)
    {
        var provider = await db.OAuthProviders.AsNoTracking().SingleAsync(one => one.Id == row.ProviderRowId, cancellationToken);
        TokenGrant grant;
        try
        {
            grant = await endpoint.RefreshAsync(provider, refreshToken, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            grant = new TokenGrant.Unavailable();
        }

        using var limit = new CancellationTokenSource(s_writeLimit, clock);
        var held = db.OAuthTokens.Where(one => one.Id == row.Id && one.Version == row.Version);
        if (grant is TokenGrant.Granted granted) return await KeepAsync(db, row, granted, refreshToken, limit.Token);
        if (grant is TokenGrant.Refused { Error: "invalid_grant" } refused)
        {
            await held.ExecuteUpdateAsync(
                set => set.SetProperty(one => one.NeedsConsent, true).SetProperty(one => one.RefreshingUntil, (DateTimeOffset?)null), limit.Token);
            logger.ConsentNeeded(row.Id, provider.ProviderId, refused.Error);
            return await OldAsync(row, new TokenState.Expired(), limit.Token);
        }

        await held.ExecuteUpdateAsync(set => set.SetProperty(one => one.RefreshingUntil, (DateTimeOffset?)null), limit.Token);
        logger.NotRefreshed(row.Id, provider.ProviderId);
        return await OldAsync(row, new TokenState.Unavailable(), limit.Token);
    }

    private async Task<TokenState> KeepAsync(
        PilothouseDb db, OAuthTokenRow row, TokenGrant.Granted granted, string refreshToken, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        var version = row.Version;
        row.Secrets = await secrets.SealTokenAsync(
            row.WorkspaceId, row.Id, granted.Tokens with { Refresh = granted.Tokens.Refresh ?? refreshToken }, cancellationToken);
        row.ExpiresAt = now + granted.ExpiresIn;
        row.Scopes = granted.Scopes is { } scopes ? ScopeSet.ToJson(scopes) : row.Scopes;
        await db.OAuthTokens.Where(one => one.Id == row.Id && one.Version == version).ExecuteUpdateAsync(
            set => set
                .SetProperty(one => one.Secrets, row.Secrets)
                .SetProperty(one => one.ExpiresAt, row.ExpiresAt)
                .SetProperty(one => one.Scopes, row.Scopes)
                .SetProperty(one => one.Version, version + 1)
                .SetProperty(one => one.RefreshingUntil, (DateTimeOffset?)null)
                .SetProperty(one => one.UpdatedAt, now),
            cancellationToken);
        return new TokenState.Usable(row, granted.Tokens.Access);
    }

    /// <summary>What is only about to expire can still be used.</summary>
    private async Task<TokenState> OldAsync(OAuthTokenRow row, TokenState otherwise, CancellationToken cancellationToken) =>
        HasExpired(row) ? otherwise : await UsableAsync(row, cancellationToken);

    private async Task<TokenState> UsableAsync(OAuthTokenRow row, CancellationToken cancellationToken) => new TokenState.Usable(
        row, (await secrets.OpenTokenAsync(row.WorkspaceId, row.Id, row.Secrets, cancellationToken)).Access);
}
