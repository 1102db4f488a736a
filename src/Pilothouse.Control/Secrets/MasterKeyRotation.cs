using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Secrets;

/// <param name="DataKeys">How many workspaces' data keys it wraps.</param>
/// <param name="IsCurrent">New data keys are wrapped with it.</param>
/// <param name="IsMissing">Data keys are wrapped with it, and it is not there.</param>
public sealed record MasterKeyVersion(int Version, int DataKeys, bool IsCurrent, bool IsMissing);

/// <param name="IsNew">This run made the version; else an earlier run, or the operator, had.</param>
/// <param name="Wrapped">How many data keys this run wrapped anew.</param>
public sealed record Rotated(int Version, bool IsNew, int Wrapped);

/// <summary>Changes the master key while control planes use the store: what they look for and do not know, they look for in the key's file again.</summary>
internal sealed class MasterKeyRotation(IDbContextFactory<PilothouseDb> databases, MasterKeys masters, DataKeys dataKeys)
{
    /// <summary>
    /// The next version is the newest one that is known and not yet everywhere, left by a run that was killed or brought by the operator; else a new
    /// one, where the key's file is ours.
    /// </summary>
    public async Task<Outcome<Rotated>> RotateAsync(CancellationToken cancellationToken)
    {
        await using var held = masters.IsOwn ? masters.HoldFile() : null;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await DataKeys.ListAsync(db, cancellationToken);
        await dataKeys.CheckAsync(rows, cancellationToken);
        var isNew = rows.TrueForAll(row => row.Version >= masters.Newest);
        if (isNew && !masters.IsOwn)
        {
            return new Rejection(Codes.Invalid,
                $"Everything is wrapped with version {masters.Newest}, the newest in {masters.Origin}: add a line '{masters.Newest + 1}:' and 32 random bytes in base64 there, let every control plane have it, and run this again.");
        }

        var version = isNew ? await masters.AddAsync(cancellationToken) : masters.Newest;
        return new Rotated(version, isNew, await dataKeys.WrapAllAsync(db, version, cancellationToken));
    }

    public async Task<IReadOnlyList<MasterKeyVersion>> ListAsync(CancellationToken cancellationToken)
    {
        await masters.LoadAsync(mayCreate: false, cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await DataKeys.ListAsync(db, cancellationToken);
        var current = rows.Count > 0 ? rows.Max(row => row.Version) : masters.Newest;
        return
        [
            .. masters.Versions.Union(rows.Select(row => row.Version)).Order()
                .Select(version => new MasterKeyVersion(
                    version, rows.Count(row => row.Version == version), version == current, !masters.Versions.Contains(version))),
        ];
    }

    /// <returns>What remains to be done by the operator; null when nothing does.</returns>
    public async Task<Outcome<string?>> RetireAsync(int version, CancellationToken cancellationToken)
    {
        await using var held = masters.IsOwn ? masters.HoldFile() : null;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // With the write lock: whoever makes a workspace now has its row in before this looks, or comes after and takes the current version.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(DataKeys.Order, cancellationToken);
        await masters.LoadAsync(mayCreate: false, cancellationToken);
        if (!masters.Versions.Contains(version)) return new Rejection(Codes.NotFound, $"There is no version {version} in {masters.Origin}.");
        var wrapped = await db.Workspaces.CountAsync(row => row.MasterKeyVersion == version, cancellationToken);
        if (wrapped > 0)
            return new Rejection(Codes.Invalid, $"{wrapped} data keys are wrapped with version {version}: run 'pilothouse-server keys rotate' first.");
        if (masters.Versions.Count == 1 || (await DataKeys.CurrentAsync(db, cancellationToken) ?? masters.Newest) == version)
            return new Rejection(Codes.Invalid, $"Version {version} is the one that new data keys are wrapped with: run 'pilothouse-server keys rotate' first.");
        if (!masters.IsOwn) return $"Nothing is wrapped with version {version}: take its line out of {masters.Origin}.";
        await masters.RemoveAsync(version, cancellationToken);
        return (string?)null;
    }
}
