using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Tests.World;
using Xunit;

namespace Pilothouse.Listener.Tests.Switching;

/// <summary>The state folder is copied before a switch, and its loss is noticed.</summary>
public sealed class StateAroundSwitchTests : SwitchWorld
{
    private readonly string _large = new('x', 1_000_000);

    [Fact]
    public void State_that_shrinks_during_the_switch_is_told_and_its_copy_kept()
    {
        ServeLarge();
        World.OnFirstTouch(2, state => File.WriteAllText(Path.Combine(state, "large"), ""));

        var next = Switch();

        var shrank = Event(ListenerEventKinds.StateShrank, next);
        Assert.Contains("shrank during the switch", shrank.Message, StringComparison.Ordinal);
        Assert.Contains($"The copy {Proof(next).StateCopy} is kept", shrank.Message, StringComparison.Ordinal);
        Assert.Equal(_large, File.ReadAllText(Path.Combine(World.CopiesOf(Wanted), Proof(next).StateCopy!, "large")));
    }

    [Fact]
    public void State_that_shrinks_when_the_server_writes_for_the_first_time_is_told_too()
    {
        ServeLarge();
        var next = Switch();
        Assert.DoesNotContain(World.Control.Events, happened => happened.Kind == ListenerEventKinds.StateShrank);

        File.WriteAllText(Path.Combine(State, "large"), "{}");
        World.Run(TimeSpan.FromMinutes(1));

        Assert.Contains("shrank after the switch", Event(ListenerEventKinds.StateShrank, next).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_that_shrank_since_the_switch_before_is_told_at_the_next()
    {
        ServeLarge();
        Switch();
        World.Run(TimeSpan.FromMinutes(2));
        File.Delete(Path.Combine(State, "large"));

        var third = World.Next(Wanted, 3);
        World.UntilStatus(third, RevisionStatus.Deployed);
        World.Run(TimeSpan.FromSeconds(1));

        Assert.Contains("since the switch before this one", Event(ListenerEventKinds.StateShrank, third).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_that_grows_is_not_worth_a_word()
    {
        ServeLarge();
        World.OnFirstTouch(2, state => File.AppendAllText(Path.Combine(state, "large"), _large));

        Switch();
        World.Run(TimeSpan.FromMinutes(1));

        Assert.DoesNotContain(World.Control.Events, happened => happened.Kind == ListenerEventKinds.StateShrank);
    }

    [Fact]
    public void State_larger_than_may_be_copied_is_not_copied_and_the_proof_says_so()
    {
        Use(("StateCopyLimitBytes", "500000"));
        ServeLarge();

        var next = Switch();

        Assert.Null(Proof(next).StateCopy);
        Assert.True(Proof(next).StateBytesBefore > 1_000_000);
        Assert.Contains("so there is no copy", Event(ListenerEventKinds.Switched, next).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(World.CopiesOf(Wanted)));
        AssertNothingLost();
    }

    [Fact]
    public void Three_copies_are_kept_and_the_oldest_go()
    {
        Serve();
        for (var number = 2; number <= 7; number++)
        {
            World.UntilStatus(World.Next(Wanted, number), RevisionStatus.Deployed);
            World.Run(TimeSpan.FromSeconds(1));
        }

        var copies = Directory.EnumerateDirectories(World.CopiesOf(Wanted)).Select(path => Path.GetFileName(path)[^6..]).Order(StringComparer.Ordinal);
        Assert.Equal(["4-to-5", "5-to-6", "6-to-7"], copies);
        AssertNothingLost();
    }

    [Fact]
    public void Empty_copies_displace_none_that_hold_something()
    {
        ServeLarge();
        Callers.Dispose();
        World.UntilStatus(World.Next(Wanted, 2), RevisionStatus.Deployed);
        foreach (var file in Directory.EnumerateFiles(State)) File.Delete(file);
        for (var number = 3; number <= 8; number++)
        {
            World.Run(TimeSpan.FromSeconds(1));
            World.UntilStatus(World.Next(Wanted, number), RevisionStatus.Deployed);
        }

        Assert.Contains(Directory.EnumerateDirectories(World.CopiesOf(Wanted)), copy => File.Exists(Path.Combine(copy, "large")));
        Assert.Equal(2, Directory.EnumerateDirectories(World.CopiesOf(Wanted)).Count());
    }

    private void ServeLarge()
    {
        Serve();
        File.WriteAllText(Path.Combine(State, "large"), _large);
    }
}
