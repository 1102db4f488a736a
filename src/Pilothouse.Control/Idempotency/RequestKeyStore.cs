using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Idempotency;

/// <summary>Names one key: of whom, where.</summary>
internal sealed record RequestKey(Guid Workspace, Guid Subject, string Text);

/// <summary>The right to run a keyed request, until somebody else claims it.</summary>
internal sealed record RequestClaim(RequestKey Key, long Fence);

/// <summary>What is known of a key.</summary>
internal abstract record KeyState
{
    /// <summary>The caller is to run the request; where an earlier try took effect, <paramref name="Deployment"/> says on what.</summary>
    public sealed record Claimed(RequestClaim Claim, Guid? Deployment, Guid? Revision) : KeyState;

    public sealed record Running : KeyState;

    public sealed record Answered(int Status, byte[]? Answer) : KeyState;

    /// <summary>The caller has no room for another key.</summary>
    public sealed record Full : KeyState;

    /// <summary>The key stands for another request.</summary>
    public sealed record Other : KeyState;
}

/// <summary>All SQL of <c>request_keys</c>.</summary>
internal sealed class RequestKeyStore(
    IDbContextFactory<PilothouseDb> databases, RevisionLeases leases, IOptions<IdempotencyOptions> options, TimeProvider clock)
{
    /// <summary>Each means that somebody else claimed or freed the key at the same moment.</summary>
    private const int Attempts = 5;

    /// <param name="wait">What the request may wait for besides its work.</param>
    public async Task<KeyState> ClaimAsync(RequestKey key, byte[] fingerprint, TimeSpan wait, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var now = clock.GetUtcNow();
            var row = await db.RequestKeys.AsNoTracking().Of(key).SingleOrDefaultAsync(cancellationToken);
            if (row is null)
            {
                if (await IsFullAsync(db, key, cancellationToken)) return new KeyState.Full();
                if (await AddAsync(db, key, fingerprint, now + options.Value.Lease + wait, now, cancellationToken)) return Claimed(key, fence: 1);
                continue;
            }

            var isOver = row.Status is not null || row.LeaseUntil <= now || IsOfTheDead(db, row);
            var isOld = row.ExpiresAt <= now && isOver;
            if (!isOld && !fingerprint.AsSpan().SequenceEqual(row.Fingerprint)) return new KeyState.Other();
            if (!isOld && row.Status is { } status) return new KeyState.Answered(status, row.Answer);
            if (!isOver) return new KeyState.Running();

            var (deployment, revision) = isOld ? (null, null) : (row.DeploymentId, row.RevisionId);
            var expires = isOld ? now + options.Value.KeptFor : row.ExpiresAt;
            var taken = await db.RequestKeys.Of(key).Where(stored => stored.Fence == row.Fence && stored.Status == row.Status).ExecuteUpdateAsync(
                set => set
                    .SetProperty(stored => stored.Fingerprint, fingerprint)
                    .SetProperty(stored => stored.Owner, leases.Owner)
                    .SetProperty(stored => stored.LeaseUntil, now + options.Value.Lease + wait)
                    .SetProperty(stored => stored.Fence, row.Fence + 1)
                    .SetProperty(stored => stored.DeploymentId, deployment)
                    .SetProperty(stored => stored.RevisionId, revision)
                    .SetProperty(stored => stored.Status, (int?)null)
                    .SetProperty(stored => stored.Answer, (byte[]?)null)
                    .SetProperty(stored => stored.ExpiresAt, expires),
                cancellationToken);
            if (taken == 1) return Claimed(key, row.Fence + 1, deployment, revision);
        }

        return new KeyState.Running();
    }

    /// <summary>Changes nothing when somebody else claimed the key meanwhile.</summary>
    public async Task AnswerAsync(RequestClaim claim, int status, byte[]? answer, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.RequestKeys.HeldBy(claim).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, status).SetProperty(row => row.Answer, answer), cancellationToken);
    }

    /// <summary>The next try runs: from the beginning, or from what this one made.</summary>
    public async Task ReleaseAsync(RequestClaim claim, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.RequestKeys.HeldBy(claim).Where(row => row.DeploymentId == null).ExecuteDeleteAsync(cancellationToken);
        var now = clock.GetUtcNow();
        await db.RequestKeys.HeldBy(claim).ExecuteUpdateAsync(set => set.SetProperty(row => row.LeaseUntil, now), cancellationToken);
    }

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        return await db.RequestKeys
            .Where(row => row.ExpiresAt <= now && (row.Status != null || row.LeaseUntil <= now))
            .ExecuteDeleteAsync(cancellationToken);
    }

    private Task<bool> IsFullAsync(PilothouseDb db, RequestKey key, CancellationToken cancellationToken) => db.RequestKeys
        .Where(row => row.WorkspaceId == key.Workspace && row.Subject == key.Subject)
        .OrderBy(row => row.Key)
        .Skip(options.Value.MaxKeysPerCaller - 1)
        .AnyAsync(cancellationToken);

    private async Task<bool> AddAsync(
        PilothouseDb db, RequestKey key, byte[] fingerprint, DateTimeOffset leaseUntil, DateTimeOffset now, CancellationToken cancellationToken)
    {
        db.RequestKeys.Add(new RequestKeyRow
        {
            WorkspaceId = key.Workspace,
            Subject = key.Subject,
            Key = key.Text,
            Fingerprint = fingerprint,
            Owner = leases.Owner,
            LeaseUntil = leaseUntil,
            Fence = 1,
            ExpiresAt = now + options.Value.KeptFor,
        });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            return false;
        }
    }

    private bool IsOfTheDead(PilothouseDb db, RequestKeyRow row) => leases.IsOfTheDead(db, row.Owner);

    private static KeyState.Claimed Claimed(RequestKey key, long fence, Guid? deployment = null, Guid? revision = null) =>
        new(new RequestClaim(key, fence), deployment, revision);
}

internal static class RequestKeyRows
{
    public static IQueryable<RequestKeyRow> Of(this IQueryable<RequestKeyRow> rows, RequestKey key) =>
        rows.Where(row => row.WorkspaceId == key.Workspace && row.Subject == key.Subject && row.Key == key.Text);

    /// <summary>While the claimant is still the one who runs it.</summary>
    public static IQueryable<RequestKeyRow> HeldBy(this IQueryable<RequestKeyRow> rows, RequestClaim claim) =>
        rows.Of(claim.Key).Where(row => row.Fence == claim.Fence && row.Status == null);
}
