using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>Looks users up, with what they are members of.</summary>
internal sealed class KnownUsers(IDbContextFactory<PilothouseDb> databases, AccessCaches caches)
{
    /// <summary>Null for an unknown or disabled user.</summary>
    public ValueTask<KnownUser?> FindAsync(Guid user, CancellationToken cancellationToken) =>
        caches.Users.GetAsync(user, token => ReadAsync(user, token), cancellationToken);

    /// <summary>Null for an identity that no user has; the user may be disabled.</summary>
    public async ValueTask<Guid?> FindAsync(string issuer, string subject, CancellationToken cancellationToken) =>
        (await caches.Subjects.GetAsync((issuer, subject), token => ReadAsync(issuer, subject, token), cancellationToken))?.User;

    private async Task<KnownUser?> ReadAsync(Guid user, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == user && row.DisabledAt == null, cancellationToken);
        if (row is null) return null;
        var roles = await db.Memberships.AsNoTracking().Where(member => member.UserId == user)
            .ToDictionaryAsync(member => new WorkspaceId(member.WorkspaceId), member => member.Role, cancellationToken);
        return new KnownUser(row.Id, new OrganizationId(row.OrganizationId), row.Email, row.IsOrganizationAdmin, roles);
    }

    private async Task<SubjectUser?> ReadAsync(string issuer, string subject, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var id = await db.Users.Where(row => row.Issuer == issuer && row.Subject == subject)
            .Select(row => (Guid?)row.Id).SingleOrDefaultAsync(cancellationToken);
        return id is { } found ? new SubjectUser(found) : null;
    }
}
