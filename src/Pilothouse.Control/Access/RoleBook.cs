using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>What each role of an organization may do.</summary>
internal sealed class RoleBook(IDbContextFactory<PilothouseDb> databases, AccessCaches caches)
{
    /// <summary>Null for a role that there is not.</summary>
    public async ValueTask<IReadOnlySet<string>?> FindAsync(OrganizationId organization, string role, CancellationToken cancellationToken) =>
        Roles.PermissionsOf(role)
        ?? await caches.Roles.GetAsync((organization, role), token => ReadAsync(organization, role, token), cancellationToken);

    /// <summary>Permissions that were taken out of the product since are dropped, and no role holds those of the organization.</summary>
    public static IReadOnlySet<string> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateArray().Select(one => one.GetString()!)
            .Where(one => Permissions.OfRoles.Contains(one, StringComparer.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
    }

    private async Task<IReadOnlySet<string>?> ReadAsync(OrganizationId organization, string role, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var json = await db.Roles.Where(row => row.OrganizationId == organization.Value && row.Name == role)
            .Select(row => row.Permissions).SingleOrDefaultAsync(cancellationToken);
        return json is null ? null : Parse(json);
    }
}
