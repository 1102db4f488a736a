using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>What a provider sent back with the user.</summary>
/// <param name="ProviderId">Whose address it came to.</param>
/// <param name="Issuer">RFC 9207; null: it names none.</param>
/// <param name="Error">A word of RFC 6749, 4.1.2.1, e.g. <c>access_denied</c>.</param>
internal sealed record ConsentReturn(string ProviderId, string? State, string? Code, string? Issuer = null, string? Error = null);

/// <summary>
/// Ends a consent: claims it once, takes its code to the token endpoint of the provider that the user was sent to and to no other, and keeps the
/// token.
/// </summary>
internal sealed class FinishConsent(
    IDbContextFactory<PilothouseDb> databases, AuthSecrets secrets, TokenEndpoint endpoint, ConsentSignals signals, TimeProvider clock,
    ILogger<FinishConsent> logger)
{
    /// <summary>A browser that leaves stops nothing: the code is good once.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private static readonly Rejection s_unknown = new(
        Codes.Invalid, "This authorization is unknown, was used already or has expired: start it again.");

    /// <param name="caller">Who must have started it; null: a browser, which has nothing but the state.</param>
    public async Task<Outcome<string>> RunAsync(ConsentReturn returned, Caller? caller, CancellationToken cancellationToken)
    {
        if (ConsentKey.Hash(returned.State) is not { } hash) return s_unknown;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var session = await db.AuthSessions.AsNoTracking().SingleOrDefaultAsync(row => row.StateHash == hash, cancellationToken);
        if (session is null || !IsOf(session, caller) || !await ClaimAsync(db, session, cancellationToken)) return s_unknown;

        using var limit = new CancellationTokenSource(s_limit, clock);
        var outcome = await GoOnAsync(db, session, returned, limit.Token);
        if (!outcome.IsAccepted)
        {
            await db.AuthSessions.Where(row => row.Id == session.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, ConsentStatuses.Failed), limit.Token);
        }

        signals.Changed(session.Id);
        return outcome;
    }

    private static bool IsOf(AuthSessionRow session, Caller? caller) =>
        caller is null || (session.Initiator == caller.Subject && session.WorkspaceId == caller.Workspace.Value);

    /// <summary>It came to this provider's address, and names no other issuer.</summary>
    private static bool IsFrom(OAuthProviderRow provider, ConsentReturn returned) =>
        provider.ProviderId.Equals(returned.ProviderId, StringComparison.Ordinal)
        && (returned.Issuer is null || provider.Issuer is null || provider.Issuer.Equals(returned.Issuer, StringComparison.Ordinal));

    private async Task<bool> ClaimAsync(PilothouseDb db, AuthSessionRow session, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        return await db.AuthSessions
            .Where(row => row.Id == session.Id && row.Status == ConsentStatuses.Pending && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, ConsentStatuses.Claimed), cancellationToken) > 0;
    }

    private async Task<Outcome<string>> GoOnAsync(
        PilothouseDb db, AuthSessionRow session, ConsentReturn returned, CancellationToken cancellationToken)
    {
        var provider = await db.OAuthProviders.AsNoTracking().SingleOrDefaultAsync(row => row.Id == session.ProviderRowId, cancellationToken);
        if (provider is null) return s_unknown;
        if (!IsFrom(provider, returned))
        {
            logger.ConsentMixedUp(provider.ProviderId);
            return s_unknown;
        }

        if (!string.IsNullOrEmpty(returned.Error)) return new Rejection(Codes.Invalid, $"{provider.Name} did not give its consent ({Shown(returned.Error)}).");
        if (string.IsNullOrEmpty(returned.Code)) return new Rejection(Codes.Invalid, $"{provider.Name} sent no code: start the authorization again.");
        if (!provider.TokenUrl.Equals(session.TokenUrl, StringComparison.Ordinal))
            return new Rejection(Codes.Invalid, $"{provider.Name} was changed while the authorization was under way: start it again.");

        var verifier = session.Secrets is { } sealedVerifier
            ? await secrets.OpenVerifierAsync(session.WorkspaceId, session.Id, sealedVerifier, cancellationToken)
            : null;
        return await endpoint.ExchangeAsync(provider, session.TokenUrl, returned.Code, session.RedirectUri, verifier, cancellationToken) switch
        {
            TokenGrant.Granted granted => await KeepAsync(session, provider, granted, cancellationToken),
            TokenGrant.Refused refused => new Rejection(Codes.Invalid, $"{provider.Name} did not take the code ({refused.Error}): start the authorization again."),
            _ => new Rejection(Codes.Unavailable, $"{provider.Name} did not answer: start the authorization again."),
        };
    }

    private async Task<Outcome<string>> KeepAsync(
        AuthSessionRow session, OAuthProviderRow provider, TokenGrant.Granted granted, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(provider.OrganizationId, cancellationToken);
        if (!await db.OAuthProviders.AnyAsync(row => row.Id == provider.Id, cancellationToken)) return s_unknown;
        var former = session.ReplacesTokenId is { } id
            ? await db.OAuthTokens.SingleOrDefaultAsync(row => row.Id == id && row.Owner == session.Owner && row.WorkspaceId == session.WorkspaceId, cancellationToken)
            : null;
        var row = former ?? NewRow(session, provider.Id);
        await FillAsync(row, session, granted, cancellationToken);
        if (former is null)
        {
            await TokenStore.AddAsync(db, row, cancellationToken);
        }
        else
        {
            await db.SaveChangesAsync(cancellationToken);
            if (session.IsDefault) await TokenStore.SetDefaultAsync(db, row, isDefault: true, cancellationToken);
        }

        await db.AuthSessions.Where(one => one.Id == session.Id).ExecuteUpdateAsync(
            set => set.SetProperty(one => one.Status, ConsentStatuses.Completed).SetProperty(one => one.TokenId, row.Id), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return provider.ProviderId;
    }

    private OAuthTokenRow NewRow(AuthSessionRow session, Guid provider)
    {
        var now = clock.GetStoredNow();
        return new OAuthTokenRow
        {
            Id = TimeOrderedUuid.New(),
            WorkspaceId = session.WorkspaceId,
            ProviderRowId = provider,
            Owner = session.Owner,
            Secrets = [],
            Scopes = "[]",
            AskedScopes = "[]",
            IsDefault = session.IsDefault,
            CreatedAt = now,
        };
    }

    private async Task FillAsync(OAuthTokenRow row, AuthSessionRow session, TokenGrant.Granted granted, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        row.Secrets = await secrets.SealTokenAsync(row.WorkspaceId, row.Id, granted.Tokens, cancellationToken);
        row.AskedScopes = session.Scopes;
        row.Scopes = granted.Scopes is { } scopes ? ScopeSet.ToJson(scopes) : session.Scopes;
        row.ExpiresAt = now + granted.ExpiresIn;
        row.Label ??= granted.Label;
        row.NeedsConsent = false;
        row.RefreshingUntil = null;
        row.Version++;
        row.UpdatedAt = now;
    }

    /// <summary>A word of the standard; what else a provider, or anybody, put in the address is not repeated.</summary>
    private static string Shown(string error) => error.Length <= 64 && error.All(letter => letter is >= 'a' and <= 'z' or '_') ? error : "error";
}
