using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Access;

/// <param name="Workspace">Null: every workspace of the organization.</param>
internal sealed record KnownKey(Guid Id, OrganizationId Organization, WorkspaceId? Workspace, string Role, DateTimeOffset? ExpiresAt);

/// <summary>
/// Looks keys up, with a small cache since the gateway asks on each request. A revoked key works for at most <see cref="CacheAge"/> more; unknown
/// keys are not cached, so guessing fills nothing.
/// </summary>
internal sealed class ApiKeys(IDbContextFactory<PilothouseDb> databases, TimeProvider clock) : ICallerCheck
{
    public static readonly TimeSpan CacheAge = TimeSpan.FromSeconds(3);
    private const int MaxCached = 10_000;

    private readonly ConcurrentDictionary<string, (byte[] Hash, KnownKey Key, DateTimeOffset At)> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<WorkspaceId, (OrganizationId Organization, DateTimeOffset At)> _workspaces = new();

    /// <summary>Null for an unknown, expired or revoked key.</summary>
    public async ValueTask<KnownKey?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (text.Length is 0 or > ApiKeyText.MaxLength) return null;
        var now = clock.GetUtcNow();
        var hash = ApiKeyText.Hash(text);
        var name = Convert.ToHexString(hash);
        var key = _keys.TryGetValue(name, out var cached) && now - cached.At < CacheAge && CryptographicOperations.FixedTimeEquals(cached.Hash, hash)
            ? cached.Key
            : await ReadAsync(name, hash, now, cancellationToken);
        return key is null || key.ExpiresAt <= now ? null : key;
    }

    public async ValueTask<bool> ReachesAsync(KnownKey key, WorkspaceId workspace, CancellationToken cancellationToken) =>
        key.Workspace is { } own ? own == workspace : await OrganizationOfAsync(workspace, cancellationToken) == key.Organization;

    public async ValueTask<bool> MayCallAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken) =>
        apiKey is not null
        && await FindAsync(apiKey, cancellationToken) is { } key
        && await ReachesAsync(key, workspace, cancellationToken);

    private async Task<KnownKey?> ReadAsync(string name, byte[] hash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(row => row.Hash == hash, cancellationToken);
        if (row is null || row.RevokedAt is not null || !CryptographicOperations.FixedTimeEquals(row.Hash, hash))
        {
            _keys.TryRemove(name, out _);
            return null;
        }

        var key = new KnownKey(
            row.Id,
            new OrganizationId(row.OrganizationId),
            row.WorkspaceId is { } workspace ? new WorkspaceId(workspace) : null,
            row.Role,
            row.ExpiresAt);
        if (_keys.Count >= MaxCached) _keys.Clear();
        _keys[name] = (hash, key, now);
        return key;
    }

    private async ValueTask<OrganizationId?> OrganizationOfAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_workspaces.TryGetValue(workspace, out var cached) && now - cached.At < CacheAge) return cached.Organization;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var found = await db.Workspaces
            .Where(row => row.Id == workspace.Value)
            .Select(row => (Guid?)row.OrganizationId)
            .SingleOrDefaultAsync(cancellationToken);
        if (found is not { } id) return null;
        if (_workspaces.Count >= MaxCached) _workspaces.Clear();
        _workspaces[workspace] = (new OrganizationId(id), now);
        return new OrganizationId(id);
    }
}
