using System.Diagnostics.Metrics;
using Pilothouse.Core.Reconciling;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Core.Tests.Reconciling;

public sealed class LoopMetricsTests : IDisposable
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly LoopWorld.Meters _meters = new();
    private readonly MeterListener _listener = new();
    private readonly List<(string Instrument, double Value, string Labels)> _seen = [];

    public LoopMetricsTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, _meters)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Key_that_waits_for_the_only_worker_is_queued_and_its_wait_is_the_lag()
    {
        var world = new LoopWorld(new ReconcilePace { Workers = 1, Resync = TimeSpan.FromHours(10) }, new LoopMetrics(_meters));
        world.OnPass = async (_, stop) =>
        {
            await world.PauseAsync(s_second * 3, stop);
            return Reconciled.Settled.Instance;
        };

        world.Loop.Signal("a");
        world.Loop.Signal("b");
        world.RunFor(s_second);
        _listener.RecordObservableInstruments();
        Assert.Equal(1, Of("pilothouse.loop.queued", "loop=test").Single());
        world.RunFor(s_second * 10);

        Assert.Equal([0, 3], Of("pilothouse.loop.lag", "loop=test").Select(lag => Math.Round(lag)));
        Assert.Equal([3, 3], Of("pilothouse.loop.pass.duration", "loop=test,result=settled").Select(took => Math.Round(took)));
    }

    [Fact]
    public void Every_result_of_a_pass_is_counted_under_its_word()
    {
        var world = new LoopWorld(new ReconcilePace { Resync = TimeSpan.FromHours(10), FirstBackoff = TimeSpan.FromHours(1), LongestBackoff = TimeSpan.FromHours(2) }, new LoopMetrics(_meters));
        world.OnPass = (key, _) => key switch
        {
            "again" => Task.FromResult<Reconciled>(new Reconciled.Again(TimeSpan.FromHours(1), "later")),
            "stalled" => Task.FromResult<Reconciled>(new Reconciled.Stalled("reason", "message")),
            "failed" => throw new InvalidOperationException(key),
            _ => Task.FromResult<Reconciled>(Reconciled.Settled.Instance),
        };

        foreach (var key in (string[])["settled", "again", "stalled", "failed"]) world.Loop.Signal(key);
        world.RunFor(s_second);

        foreach (var key in (string[])["settled", "again", "stalled", "failed"])
            Assert.Equal(1, Of("pilothouse.loop.passes", $"loop=test,result={key}").Sum());
    }

    [Fact]
    public void Loop_whose_store_is_gone_lives_and_one_that_ended_says_so()
    {
        var metrics = new LoopMetrics(_meters);
        var world = new LoopWorld(new ReconcilePace { Resync = s_second * 30 }, metrics);
        world.OnAllKeys = () => throw new InvalidOperationException("the store is gone");
        var loop = Assert.Single(metrics.Gauges);

        world.RunFor(TimeSpan.FromHours(1));
        Assert.Null(loop.Fault);

        world.Stop();
        Assert.Equal("The test does not run.", loop.Fault);
    }

    [Fact]
    public void Loop_that_hangs_while_it_looks_at_its_keys_says_how_long()
    {
        var simulation = new Simulation();
        var loop = new LoopMetrics(_meters).Of("test");
        loop.Began(s_second * 30, simulation.Time, () => 0);

        simulation.RunFor(s_second * 100);
        Assert.Null(loop.Fault);
        simulation.RunFor(s_second * 100);
        Assert.Equal("The test has not looked at its keys for 200 s.", loop.Fault);

        loop.Looked();
        Assert.Null(loop.Fault);
    }

    private IEnumerable<double> Of(string instrument, string labels) =>
        _seen.Where(one => one.Instrument == instrument && one.Labels == labels).Select(one => one.Value);

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _seen.Add((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
}
