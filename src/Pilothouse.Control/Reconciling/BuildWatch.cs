using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Reconciling;

/// <summary>Keeps the lease of a build while it runs, and stops the build when it is no longer this process's.</summary>
internal sealed class BuildWatch : IAsyncDisposable
{
    private readonly RevisionLeases _leases;
    private readonly RevisionRow _row;
    private readonly ControlSignals _signals;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _lease;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ended;
    private volatile TaskCompletionSource _changed = NewSource();
    private Task _watching = Task.CompletedTask;

    private BuildWatch(
        RevisionLeases leases, RevisionRow row, ControlSignals signals, TimeProvider clock, TimeSpan lease, ILogger logger,
        CancellationToken cancellationToken)
    {
        _leases = leases;
        _row = row;
        _signals = signals;
        _clock = clock;
        _lease = lease;
        _logger = logger;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Building = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lost.Token);
    }

    /// <summary>Cancelled when the build must stop: the process ends, or the revision is lost.</summary>
    public CancellationToken Token => Building.Token;

    /// <summary>The revision was interrupted, or somebody else took it over.</summary>
    public bool IsLost => _lost.IsCancellationRequested;

    private CancellationTokenSource Building { get; }

    public static BuildWatch Begin(
        RevisionLeases leases, RevisionRow row, ControlSignals signals, IOptions<ReconcilingOptions> options, TimeProvider clock, ILogger logger,
        CancellationToken cancellationToken)
    {
        var watch = new BuildWatch(leases, row, signals, clock, options.Value.BuildLease, logger, cancellationToken);
        signals.Changed += watch.Changed;
        watch._watching = watch.WatchAsync();
        return watch;
    }

    public async ValueTask DisposeAsync()
    {
        _signals.Changed -= Changed;
        await _ended.CancelAsync();
        await _watching;
        _ended.Dispose();
        Building.Dispose();
        _lost.Dispose();
    }

    private void Changed(DeploymentId deployment)
    {
        if (deployment.Value == _row.DeploymentId) _changed.TrySetResult();
    }

    private async Task WatchAsync()
    {
        var renewed = _clock.GetTimestamp();
        try
        {
            while (true)
            {
                var left = (_lease / 3) - _clock.GetElapsedTime(renewed);
                var isDue = left <= TimeSpan.Zero || !await ChangedWithinAsync(left);
                if (isDue ? await RenewAsync(renewed) : await HoldsAsync())
                {
                    if (isDue) renewed = _clock.GetTimestamp();
                    continue;
                }

                await _lost.CancelAsync();
                return;
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The build ended first.
        }
    }

    /// <returns>False when the time passed without a change.</returns>
    private async Task<bool> ChangedWithinAsync(TimeSpan span)
    {
        try
        {
            await _changed.Task.WaitAsync(span, _clock, _ended.Token);
            _changed = NewSource();
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Task<bool> HoldsAsync() => OfTheStoreAsync(() => _leases.HoldsAsync(_row, _ended.Token), otherwise: true);

    /// <summary>While the store does not answer the lease goes on, but not beyond its end: by then somebody else may build.</summary>
    private async Task<bool> RenewAsync(long renewed)
    {
        while (true)
        {
            if (_clock.GetElapsedTime(renewed) >= _lease) return false;
            bool? answer = null;
            await OfTheStoreAsync(async () => (answer = await _leases.RenewAsync(_row, _ended.Token)).Value, otherwise: true);
            if (answer is { } held) return held;
            await Task.Delay(_lease / 20, _clock, _ended.Token);
        }
    }

    private async Task<bool> OfTheStoreAsync(Func<Task<bool>> ask, bool otherwise)
    {
        try
        {
            return await ask();
        }
        catch (System.Data.Common.DbException failure)
        {
            _logger.LeaseNotRenewed(failure, _row.DeploymentId, _row.Id);
            return otherwise;
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
