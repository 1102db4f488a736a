using Microsoft.Extensions.Time.Testing;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Xunit;

namespace Pilothouse.Testing.Routing;

/// <summary>One caller's request in a contract test; a real one is a real request.</summary>
public interface IContractCall
{
    FakeCallState State { get; }

    /// <summary>Who answers it; null before it was sent.</summary>
    RevisionId? Revision { get; }
}

/// <summary>What every <see cref="IGateway"/> must do; the fake and the real one pass the same suite.</summary>
public abstract class GatewayContractTests : IAsyncLifetime
{
    private static readonly TimeSpan HoldLimit = TimeSpan.FromMinutes(5);

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    protected abstract IGateway Gateway { get; }

    private DeploymentId Deployment { get; } = DeploymentId.New();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A route of that revision with as many replicas, each of which keeps its requests until <see cref="EndAsync"/>.</summary>
    protected abstract Task<Route> RouteAsync(DeploymentId deployment, string label, int replicas);

    /// <summary>Sends a request; returns when it is held, under way or answered.</summary>
    protected abstract Task<IContractCall> CallAsync(DeploymentId deployment, string label);

    /// <summary>Lets the replica answer; returns when the gateway knows.</summary>
    protected abstract Task EndAsync(IContractCall call);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_deployment_without_a_route_is_not_found()
    {
        var call = await CallAsync();

        Assert.Equal(FakeCallState.NotFound, call.State);
        Assert.Null(Gateway.Find(Deployment));
        Assert.Empty(Gateway.UnderWay(Deployment));
    }

    [Fact]
    public async Task A_published_route_is_found_and_gets_the_callers()
    {
        var route = await PublishAsync();

        var call = await CallAsync();

        Assert.Equal(route, Gateway.Find(Deployment));
        Assert.Equal((FakeCallState.UnderWay, route.Revision), (call.State, call.Revision));
        Assert.Equal(route.Revision, Assert.Single(Gateway.UnderWay(Deployment)).Revision);
        await EndAsync(call);
        Assert.Equal(FakeCallState.Ended, call.State);
        Assert.Empty(Gateway.UnderWay(Deployment));
    }

    [Fact]
    public async Task Requests_under_way_stay_where_they_are_when_the_route_changes()
    {
        var first = await PublishAsync();
        var early = await CallAsync();
        Time.Advance(TimeSpan.FromSeconds(3));
        var second = await PublishAsync();

        var late = await CallAsync();

        Assert.Equal((first.Revision, second.Revision), (early.Revision, late.Revision));
        Assert.Equal(
            [new RequestUnderWay(first.Revision, TimeSpan.FromSeconds(3)), new RequestUnderWay(second.Revision, TimeSpan.Zero)],
            Gateway.UnderWay(Deployment));
        await EndAsync(early);
        await EndAsync(late);
    }

    [Fact]
    public async Task A_removed_deployment_is_not_found_while_its_requests_end()
    {
        await PublishAsync();
        var early = await CallAsync();

        Gateway.Remove(Deployment);
        var late = await CallAsync();

        Assert.Equal((FakeCallState.UnderWay, FakeCallState.NotFound), (early.State, late.State));
        Assert.Null(Gateway.Find(Deployment));
        Assert.Single(Gateway.UnderWay(Deployment));
        await EndAsync(early);
    }

    [Fact]
    public async Task Removing_what_is_not_there_changes_nothing()
    {
        await PublishAsync();

        Gateway.Remove(DeploymentId.New());

        Assert.NotNull(Gateway.Find(Deployment));
    }

    [Fact]
    public async Task A_switch_moves_held_callers_and_counts_them()
    {
        await PublishAsync();
        var early = await CallAsync();
        using var hold = Gateway.Hold(Deployment, HoldLimit);
        var first = await CallAsync();
        Time.Advance(TimeSpan.FromSeconds(2));
        var second = await CallAsync();
        Assert.Equal((FakeCallState.Held, FakeCallState.Held), (first.State, second.State));

        await EndAsync(early);
        Assert.True(await hold.DrainAsync(TimeSpan.Zero, Cancel));
        var next = await RouteAsync(Deployment, Label, replicas: 1);
        var counts = hold.Release(next);

        await Eventually.TrueAsync(() => first.Revision == next.Revision && second.Revision == next.Revision);
        Assert.Equal(new SwitchCounts(UnderWayAtHold: 1, Held: 2, Moved: 2, Refused: 0, TimeSpan.FromSeconds(2)), counts);
        Assert.Equal(next, Gateway.Find(Deployment));
        Assert.Equal(2, Gateway.UnderWay(Deployment).Count);
        await EndAsync(first);
        await EndAsync(second);
    }

    [Fact]
    public async Task Callers_held_while_their_deployment_goes_are_not_found()
    {
        await PublishAsync();
        var hold = Gateway.Hold(Deployment, HoldLimit);
        var held = await CallAsync();

        Gateway.Remove(Deployment);
        hold.Dispose();

        await Eventually.TrueAsync(() => held.State == FakeCallState.NotFound);
        Assert.Empty(Gateway.UnderWay(Deployment));
    }

    [Fact]
    public async Task A_deployment_that_comes_back_is_found_again()
    {
        await PublishAsync();
        Gateway.Remove(Deployment);

        var again = await PublishAsync();
        var call = await CallAsync();

        Assert.Equal((FakeCallState.UnderWay, again.Revision), (call.State, call.Revision));
        await EndAsync(call);
    }

    [Fact]
    public async Task A_released_hold_that_is_released_again_changes_nothing()
    {
        await PublishAsync();
        var hold = Gateway.Hold(Deployment, HoldLimit);
        var first = await RouteAsync(Deployment, Label, replicas: 1);
        var held = await CallAsync();
        var counts = hold.Release(first);

        Assert.Equal(counts, hold.Release(await RouteAsync(Deployment, Label, replicas: 1)));

        Assert.Equal(new SwitchCounts(UnderWayAtHold: 0, Held: 1, Moved: 1, Refused: 0, TimeSpan.Zero), counts);
        Assert.Equal(first, Gateway.Find(Deployment));
        await Eventually.TrueAsync(() => held.Revision == first.Revision);
        await EndAsync(held);
    }

    [Fact]
    public async Task A_drain_ends_when_the_last_request_does_or_its_limit_passes()
    {
        await PublishAsync();
        var early = await CallAsync();
        using var hold = Gateway.Hold(Deployment, HoldLimit);
        Assert.False(await hold.DrainAsync(TimeSpan.Zero, Cancel));

        var late = hold.DrainAsync(TimeSpan.FromSeconds(1), Cancel);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await late);

        var drained = hold.DrainAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.False(drained.IsCompleted);
        await EndAsync(early);
        Assert.True(await drained);
        Assert.True(await hold.DrainAsync(TimeSpan.Zero, Cancel));
    }

    [Fact]
    public async Task A_cancelled_drain_throws()
    {
        await PublishAsync();
        var early = await CallAsync();
        using var hold = Gateway.Hold(Deployment, HoldLimit);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var drain = hold.DrainAsync(TimeSpan.FromMinutes(1), stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => drain);
        await EndAsync(early);
    }

    [Fact]
    public async Task A_hold_disposed_unreleased_sends_callers_where_they_were_going()
    {
        var route = await PublishAsync();
        var hold = Gateway.Hold(Deployment, HoldLimit);
        var held = await CallAsync();

        hold.Dispose();
        hold.Dispose();

        await Eventually.TrueAsync(() => held.Revision == route.Revision);
        var late = await CallAsync();
        Assert.Equal(FakeCallState.UnderWay, late.State);
        await EndAsync(held);
        await EndAsync(late);
    }

    [Fact]
    public async Task A_disposed_hold_that_was_released_changes_nothing()
    {
        await PublishAsync();
        var next = await RouteAsync(Deployment, Label, replicas: 1);
        var hold = Gateway.Hold(Deployment, HoldLimit);
        hold.Release(next);

        using var another = Gateway.Hold(Deployment, HoldLimit);
        hold.Dispose();
        var call = await CallAsync();

        Assert.Equal(FakeCallState.Held, call.State);
        another.Release(next);
        await Eventually.TrueAsync(() => call.State == FakeCallState.UnderWay);
        await EndAsync(call);
    }

    [Fact]
    public async Task A_caller_held_too_long_is_refused_and_counted()
    {
        await PublishAsync();
        using var hold = Gateway.Hold(Deployment, TimeSpan.FromSeconds(30));
        var held = await CallAsync();
        Time.Advance(TimeSpan.FromSeconds(20));
        var late = await CallAsync();

        Time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => held.State == FakeCallState.Refused);
        var counts = hold.Release(await RouteAsync(Deployment, Label, replicas: 1));

        await Eventually.TrueAsync(() => late.State == FakeCallState.UnderWay);
        Assert.Equal(new SwitchCounts(UnderWayAtHold: 0, Held: 2, Moved: 1, Refused: 1, TimeSpan.FromSeconds(30)), counts);
        await EndAsync(late);
    }

    [Fact]
    public async Task Callers_released_to_no_replica_are_refused_and_counted()
    {
        await PublishAsync();
        using var hold = Gateway.Hold(Deployment, HoldLimit);
        var held = await CallAsync();

        var counts = hold.Release(await RouteAsync(Deployment, Label, replicas: 0));

        await Eventually.TrueAsync(() => held.State == FakeCallState.Refused);
        Assert.Equal(new SwitchCounts(UnderWayAtHold: 0, Held: 1, Moved: 0, Refused: 1, TimeSpan.Zero), counts);
    }

    [Fact]
    public async Task A_route_published_during_a_hold_lets_no_one_through()
    {
        await PublishAsync();
        using var hold = Gateway.Hold(Deployment, HoldLimit);
        var held = await CallAsync();

        var next = await PublishAsync();

        Assert.Equal(FakeCallState.Held, held.State);
        Assert.Equal(next, Gateway.Find(Deployment));
        hold.Dispose();
        await Eventually.TrueAsync(() => held.Revision == next.Revision);
        await EndAsync(held);
    }

    [Fact]
    public async Task A_second_hold_of_a_deployment_is_a_bug()
    {
        await PublishAsync();
        using var hold = Gateway.Hold(Deployment, HoldLimit);

        Assert.Throws<InvalidOperationException>(() => Gateway.Hold(Deployment, HoldLimit));
    }

    [Fact]
    public async Task A_hold_of_one_deployment_is_none_of_another()
    {
        await PublishAsync();
        var other = DeploymentId.New();
        Gateway.Publish(await RouteAsync(other, "other-0123", replicas: 1));
        using var hold = Gateway.Hold(other, HoldLimit);

        var call = await CallAsync();

        Assert.Equal(FakeCallState.UnderWay, call.State);
        await EndAsync(call);
    }

    [Fact]
    public async Task Replicas_share_the_requests()
    {
        await PublishAsync(replicas: 2);

        var calls = new List<IContractCall>();
        for (var number = 0; number < 4; number++) calls.Add(await CallAsync());

        Assert.All(calls, call => Assert.Equal(FakeCallState.UnderWay, call.State));
        Assert.Equal(4, Gateway.UnderWay(Deployment).Count);
        foreach (var call in calls) await EndAsync(call);
    }

    private const string Label = "agent-89abcdef";

    private Task<IContractCall> CallAsync() => CallAsync(Deployment, Label);

    private async Task<Route> PublishAsync(int replicas = 1)
    {
        var route = await RouteAsync(Deployment, Label, replicas);
        Gateway.Publish(route);
        return route;
    }
}
