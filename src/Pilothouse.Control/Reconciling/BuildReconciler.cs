using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Reconciling;

/// <summary>The parts of a build besides the engine.</summary>
internal sealed record BuildParts(
    RevisionLeases Leases, BuildInputs Inputs, BuildRecords Records, BuildLogs Logs, ControlSignals Signals, RevisionMetrics Metrics);

/// <summary>Takes one revision from source to artifact. A build cut off anywhere begins again; how it ended is written by its holder alone.</summary>
internal sealed class BuildReconciler(
    IDbContextFactory<PilothouseDb> databases, BuildParts parts, IBuildEngine engine, IOptions<ReconcilingOptions> options, TimeProvider clock,
    ILogger<BuildReconciler> logger) : IReconciler<RevisionId>
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lastWordsLimit = TimeSpan.FromSeconds(5);

    /// <summary>Tries that ended outside the project, in this process.</summary>
    private readonly ConcurrentDictionary<RevisionId, Failures> _failures = new();

    /// <summary>Those that somebody builds, or did; whose turn it is of those that wait, <see cref="BuildTurns"/> says.</summary>
    public async Task<IReadOnlyList<RevisionId>> AllKeysAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var ids = await db.Revisions
            .Where(row => row.Status == RevisionStatus.Building)
            .OrderBy(row => row.CreatedAt)
            .Select(row => row.Id)
            .ToListAsync(cancellationToken);
        return [.. ids.Select(id => new RevisionId(id))];
    }

    public async Task<Reconciled> ReconcileAsync(RevisionId key, CancellationToken cancellationToken)
    {
        var row = await ReadAsync(key, cancellationToken);
        if (row is { Status: RevisionStatus.Building })
        {
            if (HeldElsewhere(row) is { } left) return new Reconciled.Again(left, "another control plane builds it");
            if (!await parts.Leases.AbandonAsync(row, "The build was cut off, and begins again.", cancellationToken))
                return new Reconciled.Again(s_soon, "somebody else changed it");
            var log = await parts.Logs.OpenAsync(row, cancellationToken);
            log.Write(LogLevels.Warning, "The build was cut off by a stop of the control plane; it begins again.");
        }

        if (row is not { Status: RevisionStatus.AwaitingBuild })
        {
            _failures.TryRemove(key, out _);
            return Reconciled.Settled.Instance;
        }

        // Other news of the deployment, and the resync, come before the pause is over.
        if (_failures.GetValueOrDefault(key)?.NotBefore - clock.GetUtcNow() is { } pause && pause > TimeSpan.Zero)
            return new Reconciled.Again(pause, "the build is tried again");

        return await parts.Leases.ClaimAsync(row, cancellationToken) is { } claimed
            ? await BuildAsync(claimed, cancellationToken)
            : new Reconciled.Again(s_soon, "somebody else claimed it, or its workspace has as many builds as it may");
    }

    private async Task<Reconciled> BuildAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        var key = new RevisionId(row.Id);
        using var measure = BuildMeasure.Begin(parts.Metrics, row, _failures.GetValueOrDefault(key)?.Span ?? default, clock);
        logger.BuildBegins(row.DeploymentId, row.Id);
        var log = await parts.Logs.OpenAsync(row, cancellationToken);
        var inputs = await parts.Inputs.OfAsync(row, cancellationToken);
        if (!inputs.IsAccepted)
        {
            measure.End(BuildMeasure.Refused, "The source or the secrets of the revision are not there.");
            return await FailAsync(row, log, inputs.Rejection.Message, isLogged: false, cancellationToken);
        }

        await using var watch = BuildWatch.Begin(parts.Leases, row, parts.Signals, options, clock, logger, cancellationToken);
        try
        {
            var outcome = await RunEngineAsync(row, inputs.Value, log, watch, measure);
            measure.End(outcome);
            await log.FlushAsync(watch.Token);
            if (outcome is BuildOutcome.Refused refused) return await FailAsync(row, log, refused.Message, isLogged: true, watch.Token);
            if (!await parts.Records.SucceededAsync(row, (BuildOutcome.Built)outcome, watch.Token)) await CountLossAsync(row, cancellationToken);
            return Reconciled.Settled.Instance;
        }
        catch (BuildUnavailableException unavailable)
        {
            return await TryAgainAsync(row, log, unavailable, watch.Token);
        }
        catch (OperationCanceledException) when (watch.IsLost && !cancellationToken.IsCancellationRequested)
        {
            logger.BuildStopped(row.DeploymentId, row.Id);
            measure.End(BuildMeasure.Lost, "It was interrupted, or another control plane took it over.");
            await CountLossAsync(row, cancellationToken);
            log.Write(LogLevels.Warning, "The build was stopped: the revision was interrupted, or another control plane took it over.");
            return Reconciled.Settled.Instance;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            measure.End(BuildMeasure.Stopped);
            await GiveBackAsync(row);
            throw;
        }
    }

    /// <summary>Whatever the engine throws counts as a failed try, so that a fault in it does not build for ever.</summary>
    private async Task<BuildOutcome> RunEngineAsync(RevisionRow row, BuildInput input, BuildLog log, BuildWatch watch, BuildMeasure measure)
    {
        var key = new RevisionId(row.Id);
        var earlier = _failures.GetValueOrDefault(key)?.Count ?? 0;
        if (earlier >= options.Value.BuildTries)
        {
            const string Message = "The build failed for a reason inside Pilothouse, again and again: the control plane's own log says which.";
            return Refused(log, Message);
        }

        _failures[key] = new Failures(earlier + 1, clock.GetUtcNow(), measure.Context);
        var archive = await parts.Inputs.OpenAsync(input, watch.Token);
        if (!archive.IsAccepted) return Refused(log, archive.Rejection.Message);
        using var opened = archive.Value;
        var source = await parts.Inputs.ReadAsync(input, opened, watch.Token);
        if (!source.IsAccepted) return Refused(log, source.Rejection.Message);
        var outcome = await engine.BuildAsync(input.Of(source.Value), log, watch.Token);
        _failures.TryRemove(key, out _);
        return outcome;
    }

    private static BuildOutcome.Refused Refused(BuildLog log, string message)
    {
        log.Write(LogLevels.Error, message);
        return new BuildOutcome.Refused(message);
    }

    private async Task<Reconciled> TryAgainAsync(RevisionRow row, BuildLog log, BuildUnavailableException why, CancellationToken cancellationToken)
    {
        var key = new RevisionId(row.Id);
        var last = _failures[key];
        var tries = last.Count;
        var of = options.Value.BuildTries;
        if (tries >= of)
        {
            var given = $"{why.Message} It was tried {tries} times; when that is mended, deploy again.";
            return await FailAsync(row, log, given, isLogged: false, cancellationToken);
        }

        var pause = options.Value.RetryPause * Math.Pow(2, tries - 1);
        _failures[key] = last with { NotBefore = clock.GetUtcNow() + pause };
        logger.BuildUnavailable(why, row.DeploymentId, row.Id, pause);
        log.Write(LogLevels.Warning, $"{why.Message} Tried {tries} of {of} times; again in {pause.TotalSeconds:0.#} s.");
        await log.FlushAsync(cancellationToken);
        await parts.Leases.AbandonAsync(row, "The build waits for something outside the project.", cancellationToken);
        return new Reconciled.Again(pause, "the build is tried again");
    }

    private async Task<Reconciled> FailAsync(RevisionRow row, BuildLog log, string message, bool isLogged, CancellationToken cancellationToken)
    {
        if (!isLogged) log.Write(LogLevels.Error, message);
        await log.FlushAsync(cancellationToken);
        if (!await parts.Records.FailedAsync(row, log.Stored(message), cancellationToken)) await CountLossAsync(row, cancellationToken);
        _failures.TryRemove(new RevisionId(row.Id), out _);
        return Reconciled.Settled.Instance;
    }

    /// <summary>The build was stopped, or its end not taken: another holds the revision. Who interrupted it meant that.</summary>
    private async Task CountLossAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        if (await ReadAsync(new RevisionId(row.Id), cancellationToken) is not (null or { Status: RevisionStatus.Interrupted })) parts.Metrics.LeaseLost();
    }

    /// <summary>The process ends: whoever builds next need not wait for the lease to lapse.</summary>
    private async Task GiveBackAsync(RevisionRow row)
    {
        using var limit = new CancellationTokenSource(s_lastWordsLimit, clock);
        try
        {
            await parts.Leases.AbandonAsync(row, "The control plane was stopped during the build.", limit.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or System.Data.Common.DbException)
        {
            logger.BuildNotGivenBack(failure, row.DeploymentId, row.Id);
        }
    }

    private async Task<RevisionRow?> ReadAsync(RevisionId revision, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Revisions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == revision.Value, cancellationToken);
    }

    /// <returns>How long; null when nobody does.</returns>
    private TimeSpan? HeldElsewhere(RevisionRow row)
    {
        if (row is not { LeaseOwner: not null, LeaseUntil: { } until } || parts.Leases.IsOwn(row)) return null;
        var left = until - clock.GetUtcNow();
        return left >= TimeSpan.Zero ? left + s_soon : null;
    }

    /// <param name="Span">Of the last try.</param>
    private sealed record Failures(int Count, DateTimeOffset NotBefore, ActivityContext Span);
}
