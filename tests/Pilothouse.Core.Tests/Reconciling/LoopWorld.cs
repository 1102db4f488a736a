using System.Diagnostics.Metrics;
using Pilothouse.Core.Reconciling;
using Pilothouse.Testing;

namespace Pilothouse.Core.Tests.Reconciling;

/// <summary>One loop in simulated time, and all that it did.</summary>
internal sealed class LoopWorld : IReconciler<string>, IReconcileEvents<string>
{
    private readonly Simulation _simulation = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _running = [];

    public LoopWorld(ReconcilePace pace, LoopMetrics? metrics = null)
    {
        Loop = new ReconcileLoop<string>(this, pace, this, _simulation.Time, metrics?.Of("test"));
        Running = _simulation.NewProcess().Start(() => Loop.RunAsync(_stop.Token));
    }

    public ReconcileLoop<string> Loop { get; }

    /// <summary>Completes when the loop has returned.</summary>
    public Task Running { get; }

    /// <summary>What a pass does; settles at once unless a test says otherwise.</summary>
    public Func<string, CancellationToken, Task<Reconciled>> OnPass { get; set; } =
        (_, _) => Task.FromResult<Reconciled>(Reconciled.Settled.Instance);

    public Func<IReadOnlyList<string>> OnAllKeys { get; set; } = () => [];

    /// <summary>When each pass began, counted from the start of the world.</summary>
    public List<(string Key, TimeSpan At)> Passes { get; } = [];

    /// <summary>The most passes that were under way at once.</summary>
    public int MostAtOnce { get; private set; }

    public List<string> Told { get; } = [];

    public TimeSpan Now => _simulation.Time.GetUtcNow() - _simulation.Time.Start;

    /// <summary>A pause on the simulated clock.</summary>
    public Task PauseAsync(TimeSpan span, CancellationToken cancellationToken) => Task.Delay(span, _simulation.Time, cancellationToken);

    public IEnumerable<TimeSpan> PassesOf(string key) => Passes.Where(pass => pass.Key == key).Select(pass => pass.At);

    /// <summary>Pauses between the beginnings of a key's passes.</summary>
    public IReadOnlyList<TimeSpan> PausesOf(string key) =>
        [.. PassesOf(key).Zip(PassesOf(key).Skip(1), (before, after) => after - before)];

    public void RunFor(TimeSpan span) => _simulation.RunFor(span);

    public void RunReady() => _simulation.RunReady();

    public void Stop()
    {
        _stop.Cancel();
        _simulation.RunReady();
    }

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) => Task.FromResult(OnAllKeys());

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        Passes.Add((key, Now));
        if (!_running.Add(key)) throw new InvalidOperationException($"'{key}' is worked on twice at a time.");
        MostAtOnce = Math.Max(MostAtOnce, _running.Count);
        try
        {
            return await OnPass(key, cancellationToken);
        }
        finally
        {
            _running.Remove(key);
        }
    }

    public void Failed(string key, Exception exception, TimeSpan retryAfter) => Told.Add($"{key} failed: {exception.Message}");

    public void Stalled(string key, string reason, string message) => Told.Add($"{key} stalled: {reason}: {message}");

    public void ResyncFailed(Exception exception) => Told.Add($"resync failed: {exception.Message}");

    /// <summary>Meters of one test.</summary>
    public sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _made = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _made.Add(meter);
            return meter;
        }

        public void Dispose() => _made.ForEach(meter => meter.Dispose());
    }
}
