using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>Looks keys up.</summary>
internal sealed class ApiKeys(OpenContexts contexts, AccessCaches caches, KnownUsers users, TimeProvider clock)
{
    /// <summary>Null for an unknown, expired or revoked key, and for one whose user is disabled.</summary>
    public async ValueTask<Credential?> FindAsync(string text, CancellationToken cancellationToken)
    {
        return text.Length is 0 or > ApiKeyText.MaxLength ? null : await FindAsync(ApiKeyText.Hash(text), cancellationToken);
    }

    /// <summary>The same by the key's hash.</summary>
    public async ValueTask<Credential?> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var key = await caches.Keys.GetAsync(Convert.ToHexString(hash), token => ReadAsync(hash, token), cancellationToken);
        if (key is null || key.ExpiresAt <= clock.GetUtcNow()) return null;
        return key.User is { } user && await users.FindAsync(user, cancellationToken) is null ? null : key;
    }

    private async Task<Credential?> ReadAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var row = await contexts.UseAsync(
            db => db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(row => row.Hash == hash, cancellationToken), cancellationToken);
        if (row is null || row.RevokedAt is not null || !CryptographicOperations.FixedTimeEquals(row.Hash, hash)) return null;
        return new Credential
        {
            Key = row.Id,
            User = row.UserId,
            Listener = row.ListenerId,
            Organization = new OrganizationId(row.OrganizationId),
            Workspace = row.WorkspaceId is { } workspace ? new WorkspaceId(workspace) : null,
            Role = row.Role,
            IsOrganizationAdmin = row.IsOrganizationAdmin,
            ExpiresAt = row.ExpiresAt,
            Name = row.Name,
        };
    }
}
