using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

internal sealed class CreateProvider(ProviderStore store, AuthSecrets secrets, TimeProvider clock)
{
    public async Task<Outcome<OAuthProviderRow>> RunAsync(Caller caller, OAuthProviderCreate wanted, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        var id = TimeOrderedUuid.New();
        return await store.AddAsync(
            new OAuthProviderRow
            {
                Id = id,
                OrganizationId = caller.Organization.Value,
                ProviderId = wanted.ProviderId,
                Name = wanted.Name,
                ClientId = wanted.ClientId,
                SealedFor = caller.Workspace.Value,
                Secrets = wanted.ClientSecret is { } secret
                    ? await secrets.SealClientSecretAsync(caller.Workspace.Value, id, secret, cancellationToken)
                    : null,
                AuthUrl = wanted.AuthUrl,
                TokenUrl = wanted.TokenUrl,
                UsesPkce = wanted.UsesPkce ?? false,
                SkipsPkce = wanted.UsesPkce is false,
                ProviderType = wanted.ProviderType,
                TokenEndpointAuthMethod = wanted.TokenEndpointAuthMethod ?? TokenEndpointAuthMethods.Post,
                CreatedAt = now,
                UpdatedAt = now,
            },
            cancellationToken);
    }
}
