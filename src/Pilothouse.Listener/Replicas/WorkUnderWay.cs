using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.Replicas;

/// <summary>Runs that a server says are under way.</summary>
/// <param name="Count">At least the number of <paramref name="Ids"/>.</param>
/// <param name="Ids">Empty when the server only counts.</param>
internal sealed record RunsUnderWay(int Count, IReadOnlySet<string> Ids)
{
    public bool AreNamed => Ids.Count > 0 || Count == 0;

    public static RunsUnderWay Named(IEnumerable<string> ids)
    {
        var set = ids.ToHashSet(StringComparer.Ordinal);
        return new RunsUnderWay(set.Count, set);
    }
}

/// <param name="Requests">Of the asked revision only.</param>
/// <param name="Runs">Null: the server cannot tell, or did not answer.</param>
internal sealed record WorkSample(DateTimeOffset At, IReadOnlyList<RequestUnderWay> Requests, RunsUnderWay? Runs);

/// <summary>What is under way at a replica, seen from the gateway and by asking the server itself.</summary>
internal sealed class WorkUnderWay(IGateway gateway, HttpClient http, TimeProvider time, ILogger<WorkUnderWay> logger)
{
    /// <summary>More than 20,000 runs of 40 bytes each; a larger answer is read no further and counts as none.</summary>
    private const long LargestAnswerBytes = 1024 * 1024;

    /// <summary>For the whole answer, not only its first byte.</summary>
    private static readonly TimeSpan s_askLimit = TimeSpan.FromSeconds(2);

    public async Task<WorkSample> LookAsync(ReplicaSpec spec, ReplicaStatus? replica, CancellationToken cancellationToken)
    {
        var runs = replica is { Phase: ReplicaPhase.Ready, Endpoint: { } endpoint } && spec.Launch.Busy is { } probe
            ? await AskAsync(spec.Deployment, endpoint, probe, cancellationToken)
            : null;
        var requests = gateway.UnderWay(spec.Deployment).Where(request => request.Revision == spec.Revision).ToList();
        return new WorkSample(time.GetUtcNow(), requests, runs);
    }

    private async Task<RunsUnderWay?> AskAsync(DeploymentId deployment, Uri endpoint, BusyProbe probe, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_askLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(probe.Method), new Uri(endpoint, probe.Path));
            if (probe.Body is { } body) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            answer.EnsureSuccessStatusCode();
            await answer.Content.LoadIntoBufferAsync(LargestAnswerBytes, either.Token);
            var runs = Read(await answer.Content.ReadAsByteArrayAsync(either.Token), probe.Reading);
            if (runs is null) logger.BusyProbeUnreadable(deployment, probe.Path);
            return runs;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException or InvalidOperationException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            logger.BusyProbeFailed(exception, deployment, probe.Path);
            return null;
        }
    }

    /// <summary>Null when the answer does not have the expected shape: unknown is not idle.</summary>
    /// <exception cref="JsonException">Not JSON.</exception>
    /// <exception cref="InvalidOperationException">JSON whose texts are none, e.g. half of an escaped surrogate pair.</exception>
    internal static RunsUnderWay? Read(ReadOnlyMemory<byte> body, BusyReading reading)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        return reading switch
        {
            BusyReading.ThreadArray => ReadThreads(root),
            BusyReading.QueueMetrics => ReadQueue(root),
            BusyReading.BusyIds => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("busy", out var busy) ? ReadIds(busy) : null,
            _ => null,
        };
    }

    private static RunsUnderWay? ReadThreads(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Array) return null;
        var ids = new List<string>();
        foreach (var thread in root.EnumerateArray())
        {
            if (thread.ValueKind != JsonValueKind.Object || !thread.TryGetProperty("thread_id", out var id)
                || id.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            ids.Add(id.GetString()!);
        }

        return RunsUnderWay.Named(ids);
    }

    private static RunsUnderWay? ReadQueue(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("queue", out var queue)
            || queue.ValueKind != JsonValueKind.Object || Number(queue, "n_running") is not { } running
            || Number(queue, "n_pending") is not { } pending)
        {
            return null;
        }

        return new RunsUnderWay((int)Math.Min((long)running + pending, int.MaxValue), new HashSet<string>(StringComparer.Ordinal));
    }

    private static RunsUnderWay? ReadIds(JsonElement ids) =>
        ids.ValueKind == JsonValueKind.Array && ids.EnumerateArray().All(id => id.ValueKind == JsonValueKind.String)
            ? RunsUnderWay.Named(ids.EnumerateArray().Select(id => id.GetString()!))
            : null;

    /// <summary>Fewer than none cannot be: it would hide as many that are.</summary>
    private static int? Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0
            ? number
            : null;
}
