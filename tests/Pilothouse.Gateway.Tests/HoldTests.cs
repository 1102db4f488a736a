using System.Net;
using Microsoft.AspNetCore.Http;
using Pilothouse.Core.Routing;
using Pilothouse.Gateway.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Gateway.Tests;

public sealed class HoldTests
{
    private static CancellationToken Cancel => GatewayHost.Cancel;

    [Fact]
    public async Task Held_callers_wait_and_go_to_the_next_revision()
    {
        await using var old = await Upstream.SayingAsync("old");
        await using var next = await Upstream.SayingAsync("next");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(old.Revision, old.Address));
        using var client = host.Client();

        using var hold = host.Gateway.Hold(host.Deployment, Eventually.Limit);
        var asked = Enumerable.Range(0, 20).Select(_ => client.GetStringAsync(new Uri("ok", UriKind.Relative), Cancel)).ToArray();
        Assert.True(await hold.DrainAsync(TimeSpan.Zero, Cancel));
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancel);
        Assert.All(asked, one => Assert.False(one.IsCompleted));
        var counts = hold.Release(host.Route(next.Revision, next.Address));

        Assert.All(await Task.WhenAll(asked), answer => Assert.Equal("next", answer));
        Assert.Equal((0, 20, 20, 0), (counts.UnderWayAtHold, counts.Held, counts.Moved, counts.Refused));
        Assert.True(counts.LongestWait > TimeSpan.FromMilliseconds(100));
        Assert.Empty(old.Seen);
    }

    [Fact]
    public async Task Drain_waits_for_what_was_sent_before_and_tells_when_it_does_not_end()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var old = await Upstream.StartAsync(async http =>
        {
            await goOn.Task;
            await http.Response.WriteAsync("old");
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(old.Revision, old.Address));
        using var client = host.Client();
        var asked = client.GetStringAsync(new Uri("slow", UriKind.Relative), Cancel);
        await Eventually.TrueAsync(() => host.Gateway.UnderWay(host.Deployment).Count == 1);

        using var hold = host.Gateway.Hold(host.Deployment, Eventually.Limit);
        Assert.False(await hold.DrainAsync(TimeSpan.FromMilliseconds(50), Cancel));
        goOn.SetResult();
        Assert.True(await hold.DrainAsync(Eventually.Limit, Cancel));

        Assert.Equal("old", await asked);
        Assert.Equal(1, hold.Release(host.Route(old.Revision, old.Address)).UnderWayAtHold);
    }

    [Fact]
    public async Task A_hold_that_lasts_too_long_refuses_with_retry_after_and_counts_it()
    {
        await using var old = await Upstream.SayingAsync("old");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(old.Revision, old.Address));
        using var client = host.Client();

        using var hold = host.Gateway.Hold(host.Deployment, TimeSpan.FromMilliseconds(100));
        using var refused = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(1, hold.Release(host.Route(old.Revision, old.Address)).Refused);
    }

    [Fact]
    public async Task Only_so_many_may_wait_and_who_hangs_up_does_not_count()
    {
        await using var old = await Upstream.SayingAsync("old");
        await using var host = await GatewayHost.StartAsync(("Forwarding:MaxHeld", "2"));
        host.Gateway.Publish(host.Route(old.Revision, old.Address));
        using var client = host.Client();
        using var hold = host.Gateway.Hold(host.Deployment, Eventually.Limit);

        using var leaves = new CancellationTokenSource();
        var gone = client.GetAsync(new Uri("ok", UriKind.Relative), leaves.Token);
        var first = client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        await Eventually.TrueAsync(() => host.Waiting == 2);
        using var refused = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await Eventually.TrueAsync(() => host.Waiting == 1);

        var counts = hold.Release(host.Route(old.Revision, old.Address));

        using var answer = await first;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((2, 1, 1), (counts.Held, counts.Moved, counts.Refused));
    }

    [Fact]
    public async Task Only_so_many_may_wait_for_a_replica_that_restarts()
    {
        await using var back = await Upstream.SayingAsync("back");
        await using var host = await GatewayHost.StartAsync(("Forwarding:MaxHeld", "2"), ("Forwarding:RestartLimit", "00:05:00"));
        host.Gateway.Publish(host.Route(back.Revision));
        using var client = host.Client();
        var waiting = new[] { client.GetStringAsync(new Uri("ok", UriKind.Relative), Cancel), client.GetStringAsync(new Uri("ok", UriKind.Relative), Cancel) };
        await Eventually.TrueAsync(() => host.Waiting == 2);

        using var refused = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(2, host.Waiting);
        host.Gateway.Publish(host.Route(back.Revision, back.Address));

        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal("back", answer));
        Assert.Equal(0, host.Waiting);
    }

    [Fact]
    public async Task Only_so_many_may_wait_for_a_replica_that_accepts_no_connections()
    {
        await using var host = await GatewayHost.StartAsync(("Forwarding:MaxHeld", "2"), ("Forwarding:RestartLimit", "00:05:00"));
        host.Gateway.Publish(host.Route(Core.RevisionId.New(), new Uri($"http://127.0.0.1:{FreePort.Take()}")));
        using var client = host.Client();

        var asked = Enumerable.Range(0, 10).Select(_ => client.GetAsync(new Uri("ok", UriKind.Relative), Cancel)).ToList();
        for (var number = 0; number < 8; number++)
        {
            var refused = await Task.WhenAny(asked);
            asked.Remove(refused);
            using var answer = await refused;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        await using var back = await Upstream.SayingAsync("back");
        host.Gateway.Publish(host.Route(back.Revision, back.Address));
        foreach (var answer in await Task.WhenAll(asked)) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, host.Waiting);
    }

    [Fact]
    public async Task A_hold_that_is_dropped_lets_callers_go_where_they_went()
    {
        await using var old = await Upstream.SayingAsync("old");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(old.Revision, old.Address));
        using var client = host.Client();
        Task<string> asked;
        using (host.Gateway.Hold(host.Deployment, Eventually.Limit))
        {
            asked = client.GetStringAsync(new Uri("ok", UriKind.Relative), Cancel);
            await Eventually.TrueAsync(() => host.Waiting == 1);
            Assert.False(asked.IsCompleted);
            Assert.Throws<InvalidOperationException>(() => host.Gateway.Hold(host.Deployment, Eventually.Limit));
        }

        Assert.Equal("old", await asked);
    }

    [Fact]
    public async Task T20_switches_under_load_refuse_nobody_and_the_counts_agree()
    {
        await using var one = await Upstream.SayingAsync("one");
        await using var two = await Upstream.SayingAsync("two");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(one.Revision, one.Address));
        using var client = host.Client();
        using var done = new CancellationTokenSource();
        var answered = 0;
        var clients = Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                using var answer = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Interlocked.Increment(ref answered);
            }
        })).ToArray();

        var counts = new List<SwitchCounts>();
        for (var number = 0; number < 10; number++)
        {
            var to = number % 2 == 0 ? two : one;
            using var hold = host.Gateway.Hold(host.Deployment, Eventually.Limit);
            Assert.True(await hold.DrainAsync(Eventually.Limit, Cancel));
            Assert.Empty(host.Gateway.UnderWay(host.Deployment));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
            counts.Add(hold.Release(host.Route(to.Revision, to.Address)));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
        }

        await done.CancelAsync();
        await Task.WhenAll(clients);
        Assert.All(counts, count => Assert.Equal((0, count.Held), (count.Refused, count.Moved)));
        Assert.Contains(counts, count => count.Held > 10);
        Assert.Equal(answered, one.Seen.Count + two.Seen.Count);
    }
}
