using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>What requests ask the store, told apart by the trace that each request names.</summary>
internal sealed class StoreQueries : IDisposable, IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private readonly ConcurrentDictionary<ActivityTraceId, ConcurrentQueue<string>> _texts = [];
    private readonly ConcurrentBag<IDisposable> _held = [];
    private readonly ActivityListener _traces = new()
    {
        ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
    };

    public StoreQueries()
    {
        ActivitySource.AddActivityListener(_traces);
        _held.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <returns>The texts of the commands, in their order.</returns>
    public async Task<IReadOnlyList<string>> OfAsync(HttpClient http, string path, CancellationToken cancellationToken)
    {
        var trace = ActivityTraceId.CreateRandom();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        _texts[trace] = [];
        using var answer = await http.SendAsync(request, cancellationToken);
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return [$"{(int)answer.StatusCode}", .. _texts[trace]];
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.EntityFrameworkCore") _held.Add(value.Subscribe(this));
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != RelationalEventId.CommandExecuting.Name || value.Value is not CommandEventData command) return;
        if (Activity.Current is { } activity && _texts.TryGetValue(activity.TraceId, out var texts)) texts.Enqueue(Told(command.Command));
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var one in _held) one.Dispose();
        _traces.Dispose();
    }

    private static string Told(DbCommand command) => command.CommandText;
}
