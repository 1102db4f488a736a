using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing;
using Pilothouse.Testing.Routing;
using Xunit;

namespace Pilothouse.Listener.Tests.Replicas;

/// <summary>An agent server says what is under way in a bounded answer and a bounded time, or it is not known.</summary>
public sealed class BusyAnswerTests : IDisposable
{
    private const int Limit = 1024 * 1024;
    private readonly SimulatedTime _time = new();
    private readonly ListenerWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("""{"busy":["a","b","a"]}""", BusyReading.BusyIds, 2)]
    [InlineData("""{"busy":[]}""", BusyReading.BusyIds, 0)]
    [InlineData("""[{"thread_id":"a","values":{}}]""", BusyReading.ThreadArray, 1)]
    [InlineData("""{"queue":{"n_running":2,"n_pending":1}}""", BusyReading.QueueMetrics, 3)]
    [InlineData("""{"queue":{"n_running":2147483647,"n_pending":2147483647}}""", BusyReading.QueueMetrics, int.MaxValue)]
    public async Task What_is_under_way_is_counted(string body, BusyReading reading, int count) =>
        Assert.Equal(count, (await AskAsync(Text(body), reading))?.Count);

    [Theory]
    [InlineData("", BusyReading.BusyIds)]
    [InlineData("<html>", BusyReading.BusyIds)]
    [InlineData("""{"busy":["a" """, BusyReading.BusyIds)]
    [InlineData("""{"busy":null}""", BusyReading.BusyIds)]
    [InlineData("""{"busy":[1]}""", BusyReading.BusyIds)]
    [InlineData("""{"busy":["\ud800"]}""", BusyReading.BusyIds)]
    [InlineData("[]", BusyReading.BusyIds)]
    [InlineData("""{"detail":"no such route"}""", BusyReading.ThreadArray)]
    [InlineData("""[{"id":"a"}]""", BusyReading.ThreadArray)]
    [InlineData("""{"queue":{"n_running":0}}""", BusyReading.QueueMetrics)]
    [InlineData("""{"queue":{"n_running":-1,"n_pending":1}}""", BusyReading.QueueMetrics)]
    [InlineData("""{"queue":{"n_running":1e99,"n_pending":0}}""", BusyReading.QueueMetrics)]
    public async Task Answer_of_another_shape_is_not_known_rather_than_idle(string body, BusyReading reading) =>
        Assert.Null(await AskAsync(Text(body), reading));

    [Fact]
    public async Task Answer_too_deep_to_read_is_not_known() =>
        Assert.Null(await AskAsync(Text(new string('[', 500_000)), BusyReading.ThreadArray));

    [Fact]
    public async Task Answer_of_the_largest_size_is_read()
    {
        var body = """{"busy":["a"]}""";

        Assert.Equal(1, (await AskAsync(Text(body + new string(' ', Limit - body.Length)), BusyReading.BusyIds))?.Count);
        Assert.Null(await AskAsync(Text(body + new string(' ', Limit - body.Length + 1)), BusyReading.BusyIds));
    }

    [Fact]
    public async Task Answer_without_end_is_read_no_further_than_its_limit()
    {
        await using var endless = new Endless();

        Assert.Null(await AskAsync(new StreamContent(endless), BusyReading.BusyIds));

        Assert.InRange(endless.BytesRead, Limit, Limit + (256 * 1024));
    }

    [Fact]
    public async Task Answer_that_stops_half_way_is_waited_for_two_seconds()
    {
        var asking = AskAsync(new StreamContent(new Stuck()), BusyReading.BusyIds);
        Assert.False(asking.IsCompleted);

        _time.Advance(_time.GetUtcNow() + TimeSpan.FromSeconds(2));

        Assert.Null(await asking.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(TimeSpan.FromSeconds(2), _time.GetUtcNow() - _time.Start);
    }

    private async Task<RunsUnderWay?> AskAsync(HttpContent content, BusyReading reading)
    {
        var revision = _world.Revision(1);
        var wanted = _world.Deploy(revision);
        var spec = _world.Runnable(wanted, revision).Main;
        spec = spec with { Launch = spec.Launch with { Busy = new BusyProbe("GET", "/busy", Body: null, reading) } };
        var now = _time.GetUtcNow();
        var replica = new ReplicaStatus(
            spec.Name, spec.Deployment, spec.Revision, ReplicaPhase.Ready, new Uri("http://127.0.0.1:1"), ProcessId: 1, now, now,
            ReadyAfter: TimeSpan.Zero, IsLate: false, Restarts: 0, LastExit: null, LastLines: []);
        using var http = new HttpClient(new Answering(content));
        var work = new WorkUnderWay(new FakeGateway(_time), http, _time, NullLogger<WorkUnderWay>.Instance);
        return (await work.LookAsync(spec, replica, TestContext.Current.CancellationToken)).Runs;
    }

    private static StringContent Text(string body) => new(body, Encoding.UTF8, "application/json");

    private sealed class Answering(HttpContent content) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
    }

    private abstract class Incoming : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class Endless : Incoming
    {
        public long BytesRead { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // What no limit stops ends the test instead of the machine.
            if (BytesRead > 64 * Limit) throw new InvalidOperationException("Read without a limit.");
            buffer.Span.Fill((byte)'[');
            BytesRead += buffer.Length;
            return ValueTask.FromResult(buffer.Length);
        }
    }

    private sealed class Stuck : Incoming
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 0;
        }
    }
}
