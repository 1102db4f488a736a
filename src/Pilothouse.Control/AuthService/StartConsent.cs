using Duende.IdentityModel.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <param name="Replaces">A token of the owner that the new one takes the place of.</param>
internal sealed record WantedConsent(
    OAuthProviderRow Provider, string Owner, IReadOnlyList<string> Scopes, bool IsDefault, string RedirectUri, OAuthTokenRow? Replaces);

/// <param name="Url">Where the user is sent.</param>
internal sealed record StartedConsent(string AuthId, string Url);

/// <summary>Remembers a consent and makes its address. Earlier ones of the same user stay good.</summary>
internal sealed class StartConsent(
    IDbContextFactory<PilothouseDb> databases, AuthSecrets secrets, IOptions<AuthServiceOptions> options, TimeProvider clock)
{
    /// <summary>Sessions that ended are kept this long, so that a late <c>wait</c> is told the truth.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromHours(1);

    public async Task<StartedConsent> RunAsync(Caller caller, WantedConsent wanted, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        var (id, authId, state) = (TimeOrderedUuid.New(), ConsentKey.New(), ConsentKey.New());
        var verifier = UsesPkce(wanted.Provider) ? ConsentKey.New() : null;

        // What the stored token was good for, the new one shall be good for too.
        var scopes = wanted.Replaces is { } former ? [.. ScopeSet.FromJson(former.AskedScopes).Union(wanted.Scopes, StringComparer.Ordinal)] : wanted.Scopes;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var old = now - s_kept;
        await db.AuthSessions.Where(row => row.ExpiresAt < old).ExecuteDeleteAsync(cancellationToken);
        db.AuthSessions.Add(new AuthSessionRow
        {
            Id = id,
            WorkspaceId = caller.Workspace.Value,
            AuthIdHash = ConsentKey.Hash(authId)!,
            StateHash = ConsentKey.Hash(state)!,
            Status = ConsentStatuses.Pending,
            ProviderRowId = wanted.Provider.Id,
            TokenUrl = wanted.Provider.TokenUrl,
            RedirectUri = wanted.RedirectUri,
            Initiator = caller.Subject,
            Owner = wanted.Owner,
            Scopes = ScopeSet.ToJson(scopes),
            IsDefault = wanted.IsDefault,
            ReplacesTokenId = wanted.Replaces?.Id,
            Secrets = verifier is null ? null : await secrets.SealVerifierAsync(caller.Workspace.Value, id, verifier, cancellationToken),
            ExpiresAt = now + options.Value.ConsentLimit,
            CreatedAt = now,
        });
        await db.SaveChangesAsync(cancellationToken);
        return new StartedConsent(authId, AuthorizationUrl(wanted.Provider, scopes, wanted.RedirectUri, state, verifier));
    }

    /// <summary>Always, but where a provider with a secret was declared unable to: without a secret PKCE is all there is.</summary>
    private static bool UsesPkce(OAuthProviderRow provider) => !provider.SkipsPkce || provider.Secrets is null;

    private static string AuthorizationUrl(
        OAuthProviderRow provider, IReadOnlyList<string> scopes, string redirectUri, string state, string? verifier)
    {
        // Microsoft gives refresh tokens to those alone who ask so; Slack parts scopes with commas.
        var asked = provider.ProviderType is ProviderTypes.Microsoft ? scopes.Union(["offline_access"], StringComparer.Ordinal) : scopes;
        var scope = string.Join(provider.ProviderType is ProviderTypes.Slack ? ',' : ' ', asked);
        var extra = new Parameters();
        if (provider.McpServerUrl is { } resource) extra.Add("resource", resource);
        return new RequestUrl(provider.AuthUrl).CreateAuthorizeUrl(
            provider.ClientId,
            "code",
            scope.Length == 0 ? null : scope,
            redirectUri,
            state,
            codeChallenge: verifier is null ? null : ConsentKey.Challenge(verifier),
            codeChallengeMethod: verifier is null ? null : "S256",
            extra: extra);
    }
}
