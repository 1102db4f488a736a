using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Gateway.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Gateway.Tests;

public sealed class MetricsTests
{
    private static CancellationToken Cancel => GatewayHost.Cancel;

    [Fact]
    public async Task Every_request_for_an_agent_is_counted_once_by_how_it_ended()
    {
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await Upstream.StartAsync(async http =>
        {
            if (http.Request.Path == "/fails") http.Abort();
            if (http.Request.Path == "/missing") http.Response.StatusCode = 404;
            if (http.Request.Path != "/cut") return;
            await http.Response.WriteAsync("a part");
            await http.Response.Body.FlushAsync();
            await cut.Task;
            http.Abort();
        });
        await using var host = await GatewayHost.StartAsync();
        using var numbers = new Numbers(host);
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();

        foreach (var path in new[] { "ok", "ok", "missing", "fails" }) using (await client.GetAsync(new Uri(path, UriKind.Relative), Cancel)) { }
        using (await client.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Cancel)) { }
        using (await client.GetAsync(new Uri("/lgp/nobody-1234/", UriKind.Relative), Cancel)) { }
        using (await host.Client(key: null).GetAsync(new Uri("ok", UriKind.Relative), Cancel)) { }
        using (var answer = await client.GetAsync(new Uri("cut", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel))
        {
            cut.SetResult();
            await Assert.ThrowsAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync(Cancel));
        }

        await Eventually.TrueAsync(() => numbers.Of("pilothouse.gateway.requests").Values.Sum() == 7);
        Assert.Equal(
            [("2xx", 2), ("4xx", 1), ("cut", 1), ("failed", 1), ("refused", 2)],
            numbers.Of("pilothouse.gateway.requests").OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, (int)pair.Value)));
        Assert.Equal(["2xx", "4xx", "cut", "failed", "refused"], numbers.Of("pilothouse.gateway.request.duration").Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_is_under_way_who_waits_and_who_left_is_told()
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await Upstream.StartAsync(_ => end.Task);
        await using var host = await GatewayHost.StartAsync();
        using var numbers = new Numbers(host);
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();
        var underWay = client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        await Eventually.TrueAsync(() => numbers.Now("pilothouse.gateway.active") == 1);

        using var hold = host.Gateway.Hold(host.Deployment, Eventually.Limit);
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var held = client.GetAsync(new Uri("ok", UriKind.Relative), leaves.Token);
        await Eventually.TrueAsync(() => numbers.Now("pilothouse.gateway.held") == 1);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        await Eventually.TrueAsync(() => numbers.Of("pilothouse.gateway.requests").GetValueOrDefault("left") == 1);
        end.SetResult();
        using var answer = await underWay;

        await Eventually.TrueAsync(() => numbers.Now("pilothouse.gateway.active") == 0 && numbers.Now("pilothouse.gateway.held") == 0);
    }

    /// <summary>Adds up what one gateway measures.</summary>
    private sealed class Numbers : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<(string Instrument, string Outcome), double> _sums = new();
        private readonly ConcurrentDictionary<string, long> _now = new(StringComparer.Ordinal);

        public Numbers(GatewayHost host)
        {
            var scope = host.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == GatewayMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, scope)) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                if (instrument.IsObservable) _now[instrument.Name] = value;
                else Add(instrument, value, tags);
            });
            _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => _now[instrument.Name] = value);
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public Dictionary<string, double> Of(string instrument) =>
            _sums.Where(pair => pair.Key.Instrument == instrument).ToDictionary(pair => pair.Key.Outcome, pair => pair.Value, StringComparer.Ordinal);

        public long Now(string instrument)
        {
            _listener.RecordObservableInstruments();
            return _now.GetValueOrDefault(instrument);
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _sums.AddOrUpdate((instrument.Name, (string)tags[0].Value!), value, (_, sum) => sum + value);
    }
}
