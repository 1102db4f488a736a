using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Overload;
using Xunit;

namespace Pilothouse.Control.Tests.Overload;

public sealed class TokenBucketsTests
{
    [Fact]
    public void Bucket_gives_its_burst_then_its_rate_and_says_when()
    {
        var clock = new FakeTimeProvider();
        var buckets = new TokenBuckets<string>(perSecond: 2, burst: 3, clock);

        for (var token = 0; token < 3; token++) Assert.Null(buckets.Take("a"));
        Assert.Equal(TimeSpan.FromSeconds(0.5), buckets.Take("a"));
        Assert.Null(buckets.Take("b"));
        clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Null(buckets.Take("a"));
        Assert.NotNull(buckets.Take("a"));
        clock.Advance(TimeSpan.FromHours(1));
        for (var token = 0; token < 3; token++) Assert.Null(buckets.Take("a"));
        Assert.NotNull(buckets.Take("a"));
    }

    [Fact]
    public void No_span_of_time_sees_more_than_burst_and_rate_allow() => Gen.Int[0, 3000].Array[1, 200].Sample(pauses =>
    {
        const int PerSecond = 5;
        const int Burst = 10;
        var clock = new FakeTimeProvider();
        var buckets = new TokenBuckets<int>(PerSecond, Burst, clock);
        var taken = new List<double>();
        var now = 0.0;
        foreach (var pause in pauses)
        {
            clock.Advance(TimeSpan.FromMilliseconds(pause));
            now += pause / 1000.0;
            for (var call = 0; call < 4; call++)
                if (buckets.Take(0) is null) taken.Add(now);
        }

        for (var from = 0; from < taken.Count; from += 7)
        {
            for (var to = from; to < taken.Count; to += 5)
                Assert.True(to - from + 1 <= Burst + (PerSecond * (taken[to] - taken[from])) + 0.001);
        }
    });

    [Fact]
    public void Holders_of_long_ago_are_forgotten()
    {
        var clock = new FakeTimeProvider();
        var buckets = new TokenBuckets<int>(perSecond: 1, burst: 1, clock);
        for (var holder = 0; holder < 10_000; holder++) buckets.Take(holder);
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Null(buckets.Take(10_000));

        Assert.Equal(1, buckets.Count);
    }
}
