using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Oidc;

/// <summary>
/// From the identity in a token to a user. By issuer and subject alone: an email in a token is what its issuer lets people claim, so that it never makes
/// somebody a user who was there before.
/// </summary>
internal sealed class TokenUsers(
    IDbContextFactory<PilothouseDb> databases, KnownUsers users, RoleBook roles, AccessCaches caches, IOptions<OidcOptions> options, TimeProvider clock)
{
    private const int MaxShown = 200;

    public async ValueTask<Outcome<Credential>> FindAsync(string issuer, string subject, JsonWebToken token, CancellationToken cancellationToken)
    {
        var id = await users.FindAsync(issuer, subject, cancellationToken);
        if (id is null && !string.IsNullOrEmpty(options.Value.DefaultRole)) id = await CreateAsync(issuer, subject, token, cancellationToken);
        if (id is null) return new Rejection(Codes.Forbidden, "Nobody here has the identity of this token: ask an administrator to add you.");
        if (await users.FindAsync(id.Value, cancellationToken) is not { } user)
            return new Rejection(Codes.Forbidden, "Your user is disabled: ask an administrator.");
        return new Credential { Organization = user.Organization, User = user.Id, Name = user.Email };
    }

    /// <summary>Null when the configured role or workspace is not there.</summary>
    private async Task<Guid?> CreateAsync(string issuer, string subject, JsonWebToken token, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var workspace = await db.Workspaces.AsNoTracking()
            .Where(row => options.Value.DefaultWorkspace == null || row.Id == options.Value.DefaultWorkspace)
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
            .FirstOrDefaultAsync(cancellationToken);
        if (workspace is null) return null;
        var role = options.Value.DefaultRole!;
        if (await roles.FindAsync(new OrganizationId(workspace.OrganizationId), role, cancellationToken) is null) return null;

        var now = clock.GetUtcNow();
        var user = new UserRow
        {
            Id = TimeOrderedUuid.New(),
            OrganizationId = workspace.OrganizationId,
            Email = Claim(token, options.Value.EmailClaim).ToLowerInvariant(),
            Name = Claim(token, options.Value.NameClaim),
            Issuer = issuer,
            Subject = subject,
            CreatedAt = now,
        };
        db.Users.Add(user);
        db.Memberships.Add(new MembershipRow { WorkspaceId = workspace.Id, UserId = user.Id, Role = role, CreatedAt = now });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            // Two first tokens at once: the other one made the user.
        }

        caches.Forget();
        return await users.FindAsync(issuer, subject, cancellationToken);
    }

    private static string Claim(JsonWebToken token, string name)
    {
        var text = token.TryGetPayloadValue<string>(name, out var value) ? value ?? "" : "";
        return new string([.. text.Where(letter => !char.IsControl(letter)).Take(MaxShown)]);
    }
}
