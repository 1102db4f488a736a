using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Reconciling;

/// <summary>
/// Gives the builders of this process their next revision, by <see cref="BuildShares"/>. Who waits and who builds is read from the store, so that the
/// control planes share out together what none of them sees alone.
/// </summary>
internal sealed class BuildTurns(IDbContextFactory<PilothouseDb> databases, IOptions<ReconcilingOptions> options, TimeProvider clock) : IReconciler<string>
{
    public const string Key = "builds";

    /// <summary>A workspace at its limit: its builds on other control planes end without a word to this one.</summary>
    private static readonly TimeSpan s_limited = TimeSpan.FromSeconds(2);

    /// <summary>A pass that threw is repeated by its loop; its turn is not given to it once more before.</summary>
    private static readonly TimeSpan s_afterFault = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<RevisionId, DateTimeOffset?> _given = new();

    /// <summary>Begins a build; set once before the loop starts.</summary>
    public Action<RevisionId> OnTurn { get; set; } = _ => { };

    /// <summary>A builder is free again; set once before the loop starts.</summary>
    public Action OnFree { get; set; } = () => { };

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([Key]);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        while (_given.Values.Count(rests => rests is null) < options.Value.ConcurrentBuilds)
        {
            var (next, isAnyLeft) = await NextAsync(cancellationToken);
            if (next is not { } turn) return isAnyLeft ? new Reconciled.Again(s_limited, "their workspaces have as many builds as they may") : Reconciled.Settled.Instance;
            _given[turn] = null;
            OnTurn(turn);
        }

        return Reconciled.Settled.Instance;
    }

    /// <summary>Notes when a builder has done with its turn.</summary>
    public IReconciler<RevisionId> Around(IReconciler<RevisionId> builds) => new Builder(this, builds);

    private void Ended(RevisionId revision, TimeSpan rests)
    {
        if (rests > TimeSpan.Zero) _given[revision] = clock.GetUtcNow() + rests;
        else _given.TryRemove(revision, out _);
        OnFree();
    }

    private async Task<(RevisionId? Turn, bool IsAnyLeft)> NextAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var (revision, rests) in _given)
            if (rests <= now) _given.TryRemove(KeyValuePair.Create(revision, rests));
        var given = _given.Keys.Select(revision => revision.Value).ToArray();
        var begun = _given.Where(one => one.Value is null).Select(one => one.Key.Value).ToArray();

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var waiting = await db.Revisions
            .Where(row => row.Status == RevisionStatus.AwaitingBuild && !given.Contains(row.Id))
            .GroupBy(row => row.WorkspaceId)
            .Select(rows => new { Workspace = rows.Key, Since = rows.Min(row => row.CreatedAt) })
            .ToListAsync(cancellationToken);
        if (waiting.Count == 0) return (null, false);

        // Those that were given a turn a moment ago are not begun yet; counted as they will be.
        var underWay = await db.Revisions
            .Where(row => row.Status == RevisionStatus.Building || (row.Status == RevisionStatus.AwaitingBuild && begun.Contains(row.Id)))
            .GroupBy(row => row.WorkspaceId)
            .Select(rows => new { Workspace = rows.Key, Builds = rows.Count() })
            .ToDictionaryAsync(share => new WorkspaceId(share.Workspace), share => share.Builds, cancellationToken);
        var whose = BuildShares.Next(
            waiting.Select(one => new WaitingBuilds(new WorkspaceId(one.Workspace), one.Since)), underWay, options.Value.ConcurrentBuildsPerWorkspace);
        if (whose is not { } workspace) return (null, true);

        var oldest = await db.Revisions
            .Where(row => row.Status == RevisionStatus.AwaitingBuild && row.WorkspaceId == workspace.Value && !given.Contains(row.Id))
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
            .Select(row => (Guid?)row.Id)
            .FirstOrDefaultAsync(cancellationToken);
        return (oldest is { } id ? new RevisionId(id) : null, true);
    }

    private sealed class Builder(BuildTurns turns, IReconciler<RevisionId> builds) : IReconciler<RevisionId>
    {
        public Task<IReadOnlyList<RevisionId>> AllKeysAsync(CancellationToken cancellationToken) => builds.AllKeysAsync(cancellationToken);

        public async Task<Reconciled> ReconcileAsync(RevisionId key, CancellationToken cancellationToken)
        {
            turns._given[key] = null;
            var rests = s_afterFault;
            try
            {
                var result = await builds.ReconcileAsync(key, cancellationToken);
                rests = result is Reconciled.Again again ? again.After : TimeSpan.Zero;
                return result;
            }
            finally
            {
                turns.Ended(key, rests);
            }
        }
    }
}
