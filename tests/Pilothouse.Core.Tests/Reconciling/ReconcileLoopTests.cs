using Pilothouse.Core.Reconciling;
using Xunit;

namespace Pilothouse.Core.Tests.Reconciling;

public sealed class ReconcileLoopTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    /// <summary>No resync while a test looks at something else.</summary>
    private static readonly ReconcilePace s_quiet = new() { Resync = TimeSpan.FromHours(10) };

    [Fact]
    public void Many_signals_for_one_key_make_one_pass()
    {
        var world = new LoopWorld(s_quiet);

        for (var i = 0; i < 100; i++) world.Loop.Signal("a");
        world.RunFor(s_second);

        Assert.Single(world.Passes);
    }

    [Fact]
    public void Signals_during_a_pass_make_exactly_one_more()
    {
        var world = new LoopWorld(s_quiet);
        world.OnPass = async (key, stop) =>
        {
            if (world.Passes.Count == 1)
            {
                for (var i = 0; i < 100; i++) world.Loop.Signal(key);
            }

            await world.PauseAsync(s_second, stop);
            return Reconciled.Settled.Instance;
        };

        world.Loop.Signal("a");
        world.RunFor(s_second * 10);

        Assert.Equal([s_second], world.PausesOf("a"));
    }

    [Fact]
    public void Workers_share_the_keys_and_never_one_key()
    {
        var world = new LoopWorld(s_quiet with { Workers = 3 });
        world.OnPass = async (key, stop) =>
        {
            world.Loop.Signal(key);
            await world.PauseAsync(s_second, stop);
            return Reconciled.Settled.Instance;
        };

        foreach (var key in (string[])["a", "b", "c", "d", "e"]) world.Loop.Signal(key);
        world.RunFor(s_second * 10);

        Assert.Equal(3, world.MostAtOnce);
        Assert.Empty(world.Told);
        Assert.All((string[])["a", "b", "c", "d", "e"], key => Assert.True(world.PassesOf(key).Count() >= 5, $"{key} was kept waiting"));
    }

    [Fact]
    public void Key_that_takes_long_keeps_no_other_waiting()
    {
        var world = new LoopWorld(s_quiet with { Workers = 2 });
        world.OnPass = async (key, stop) =>
        {
            if (key == "slow") await world.PauseAsync(TimeSpan.FromHours(1), stop);
            return Reconciled.Settled.Instance;
        };

        world.Loop.Signal("slow");
        world.RunFor(s_second);
        for (var i = 0; i < 5; i++)
        {
            world.Loop.Signal("quick");
            world.RunReady();
        }

        Assert.Equal(5, world.PassesOf("quick").Count());
    }

    [Fact]
    public void Failing_key_comes_back_ever_later_up_to_the_longest_pause()
    {
        var world = new LoopWorld(s_quiet with { FirstBackoff = s_second, LongestBackoff = s_second * 8 });
        world.OnPass = (_, _) => throw new IOException("engine silent");

        world.Loop.Signal("a");
        world.RunFor(s_second * 60);

        var pauses = world.PausesOf("a");
        Assert.True(pauses.Count >= 7, $"{pauses.Count} pauses");
        Assert.All(pauses.Zip([1, 2, 4, 8, 8, 8, 8]), pair => AssertNear(s_second * pair.Second, pair.First, share: 0.2));
        Assert.Equal(world.Passes.Count, world.Told.Count);
        Assert.All(world.Told, told => Assert.Equal("a failed: engine silent", told));
    }

    [Fact]
    public void Success_forgets_the_failures_before_it()
    {
        var world = new LoopWorld(s_quiet with { FirstBackoff = s_second });
        world.OnPass = (_, _) => world.Passes.Count is 4
            ? Task.FromResult<Reconciled>(new Reconciled.Again(s_second * 30, "not yet"))
            : throw new IOException("engine silent");

        world.Loop.Signal("a");
        world.RunFor(s_second * 42);

        var pauses = world.PausesOf("a");
        AssertNear(s_second * 4, pauses[2], share: 0.2);
        AssertNear(s_second * 30, pauses[3], share: 0);
        AssertNear(s_second, pauses[4], share: 0.2);
    }

    [Fact]
    public void Signal_ends_a_pause_and_leaves_no_second_wake_up()
    {
        var world = new LoopWorld(s_quiet);
        world.OnPass = (_, _) => Task.FromResult<Reconciled>(world.Passes.Count == 1
            ? new Reconciled.Again(s_second * 10, "not yet")
            : Reconciled.Settled.Instance);

        world.Loop.Signal("a");
        world.RunFor(s_second);
        world.Loop.Signal("a");
        world.RunFor(s_second * 60);

        Assert.Equal(2, world.Passes.Count);
        AssertNear(s_second, world.PausesOf("a").Single(), share: 0.02);
    }

    [Fact]
    public void Poisoned_key_does_not_stop_the_others()
    {
        var world = new LoopWorld(s_quiet with { Workers = 1 });
        world.OnPass = (key, _) => key == "poisoned"
            ? throw new InvalidOperationException("a bug")
            : Task.FromResult<Reconciled>(Reconciled.Settled.Instance);

        world.Loop.Signal("poisoned");
        world.Loop.Signal("sound");
        world.RunFor(s_second);
        world.Loop.Signal("sound");
        world.RunReady();

        Assert.Equal(2, world.PassesOf("sound").Count());
        Assert.False(world.Running.IsCompleted);
    }

    [Fact]
    public void Cancellation_that_is_not_the_owners_is_a_failure_like_any_other()
    {
        var world = new LoopWorld(s_quiet);
        world.OnPass = (_, _) => world.Passes.Count == 1
            ? throw new OperationCanceledException("a time limit")
            : Task.FromResult<Reconciled>(Reconciled.Settled.Instance);

        world.Loop.Signal("a");
        world.RunFor(s_second);

        Assert.Equal(["a failed: a time limit"], world.Told);
        Assert.Equal(2, world.Passes.Count);
    }

    [Fact]
    public void Stalled_key_is_told_of_and_waits_for_a_signal()
    {
        var world = new LoopWorld(s_quiet);
        world.OnPass = (_, _) => Task.FromResult<Reconciled>(new Reconciled.Stalled("no_image", "Push it first."));

        world.Loop.Signal("a");
        world.RunFor(s_second * 600);
        var before = world.Passes.Count;
        world.Loop.Signal("a");
        world.RunReady();

        Assert.Equal((1, 2), (before, world.Passes.Count));
        Assert.Equal(["a stalled: no_image: Push it first.", "a stalled: no_image: Push it first."], world.Told);
    }

    [Fact]
    public void Every_key_is_looked_at_again_without_a_signal()
    {
        var world = new LoopWorld(new ReconcilePace { Resync = s_second * 10 }) { OnAllKeys = () => ["a", "b"] };

        world.RunFor(s_second * 35);

        foreach (var key in (string[])["a", "b"])
        {
            Assert.Equal(4, world.PassesOf(key).Count());
            Assert.All(world.PausesOf(key), pause => AssertNear(s_second * 10, pause, share: 0.1));
        }
    }

    [Fact]
    public void Resync_that_fails_is_told_of_and_tried_again()
    {
        var looks = 0;
        var world = new LoopWorld(new ReconcilePace { Resync = s_second * 10 })
        {
            OnAllKeys = () => ++looks < 3 ? throw new IOException("disk full") : ["a"],
        };

        world.RunFor(s_second * 25);

        Assert.Equal(["resync failed: disk full", "resync failed: disk full"], world.Told);
        Assert.Single(world.Passes);
    }

    [Fact]
    public void Stop_cancels_the_pass_under_way_and_returns()
    {
        var world = new LoopWorld(s_quiet);
        var wasCancelled = false;
        world.OnPass = async (_, stop) =>
        {
            try
            {
                await world.PauseAsync(TimeSpan.FromHours(1), stop);
            }
            catch (OperationCanceledException)
            {
                wasCancelled = true;
                throw;
            }

            return Reconciled.Settled.Instance;
        };

        world.Loop.Signal("a");
        world.RunFor(s_second);
        world.Stop();

        Assert.True(wasCancelled);
        Assert.True(world.Running.IsCompletedSuccessfully);
        Assert.Empty(world.Told);
    }

    /// <summary>The simulated clock moves in steps of 5 ms.</summary>
    private static void AssertNear(TimeSpan wanted, TimeSpan seen, double share)
    {
        var slack = (wanted * share) + TimeSpan.FromMilliseconds(10);
        Assert.InRange(seen, wanted - slack, wanted + slack);
    }
}
