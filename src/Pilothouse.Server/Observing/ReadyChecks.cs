using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Server.Observing;

/// <param name="Detail">What is wrong, one sentence without secrets; null when nothing is.</param>
internal sealed record ReadyCheck(string Name, bool Ok, string? Detail);

internal sealed record Readiness(bool Ready, IReadOnlyList<ReadyCheck> Checks);

/// <summary>Whether this process can serve now, and if not why.</summary>
internal sealed class ReadyChecks(
    IDbContextFactory<PilothouseDb> databases, IGateway gateway, IAgentsLease lease, LoopMetrics loops, IOptions<ObservabilityOptions> options, TimeProvider time,
    ILogger<ReadyChecks> logger)
{
    /// <summary>An agent that does not come back must not keep the others from being called.</summary>
    private static readonly TimeSpan s_routesLimit = TimeSpan.FromSeconds(15);

    private readonly long _began = time.GetTimestamp();
    private volatile bool _hasRoutes;
    private volatile bool _isMigrated;
    private volatile bool _isStoreLost;

    public async Task<Readiness> LookAsync(CancellationToken cancellationToken)
    {
        var checks = new List<ReadyCheck> { await StoreAsync(cancellationToken) };
        if (checks[0].Ok)
        {
            checks.Add(await OfStoreAsync("migrations", MigrationsAsync, cancellationToken));
            checks.Add(await RoutesAsync(cancellationToken));
        }

        checks.Add(Loops());
        return new Readiness(checks.TrueForAll(check => check.Ok), checks);
    }

    /// <summary>Reads a row: a connection that is kept open answers what asks for none.</summary>
    public Task<ReadyCheck> StoreAsync(CancellationToken cancellationToken) => OfStoreAsync(
        "store",
        async (db, token) =>
        {
            await db.Workspaces.OrderBy(row => row.Id).Select(row => row.Id).FirstOrDefaultAsync(token);
            return null;
        },
        cancellationToken);

    public Task<ReadyCheck> RoutesAsync(CancellationToken cancellationToken) => OfStoreAsync(
        "routes",
        async (db, token) =>
        {
            _hasRoutes = _hasRoutes || time.GetElapsedTime(_began) > s_routesLimit || await HaveRoutesAsync(db, token);
            return _hasRoutes ? null : "The agents' routes are being set up.";
        },
        cancellationToken);

    private async Task<string?> MigrationsAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        if (_isMigrated) return null;
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).Count();
        _isMigrated = pending == 0;
        return _isMigrated ? null : $"The store lacks {pending} migrations of this version.";
    }

    private ReadyCheck Loops()
    {
        var faults = loops.Gauges.Select(loop => loop.Fault).OfType<string>().ToList();
        if (loops.Gauges.Count == 0) faults.Add("No loop was begun yet.");
        return new ReadyCheck("loops", faults.Count == 0, faults.Count == 0 ? null : string.Join(' ', faults));
    }

    private async Task<bool> HaveRoutesAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        // Another control plane has them, and callers are sent there.
        if (lease.Elsewhere is not null) return true;
        var serving = await db.Deployments
            .Where(row => row.ActiveRevisionId != null && row.Status != DeploymentStatus.AwaitingDelete)
            .Select(row => row.Id)
            .ToListAsync(cancellationToken);
        return serving.TrueForAll(id => gateway.Find(new DeploymentId(id)) is not null);
    }

    /// <param name="look">A sentence when the check fails.</param>
    private async Task<ReadyCheck> OfStoreAsync(
        string name, Func<PilothouseDb, CancellationToken, Task<string?>> look, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var detail = await AskAsync(look, limit.Token).WaitAsync(options.Value.StoreLimit, time, cancellationToken);
            _isStoreLost = false;
            return new ReadyCheck(name, detail is null, detail);
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync();
            return new ReadyCheck(name, Ok: false, $"The store does not answer within {options.Value.StoreLimit.TotalSeconds:0.#} s.");
        }
        catch (Exception failure) when (failure is System.Data.Common.DbException or IOException or InvalidOperationException)
        {
            // Asked every few seconds; told once.
            if (!_isStoreLost) logger.StoreLost(failure);
            _isStoreLost = true;
            return new ReadyCheck(name, Ok: false, "The store does not answer; the log says why.");
        }
    }

    /// <summary>SQLite answers in the thread that asks, which must not be the one that counts the time.</summary>
    private async Task<string?> AskAsync(Func<PilothouseDb, CancellationToken, Task<string?>> look, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await look(db, cancellationToken);
    }
}
