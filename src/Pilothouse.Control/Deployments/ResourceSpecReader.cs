using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Deployments;

/// <summary>
/// Reads <c>resource_spec</c> (contract schema <c>ResourceSpec</c>): every field present afterwards, CPU rounded to one decimal, limits and queue
/// filled in as the contract says. Unknown fields are dropped.
/// </summary>
internal static class ResourceSpecReader
{
    private const double MinCpu = 0.1;
    private const double MaxCpu = 8;
    private const double MaxCpuLimit = 16;

    // The contract bounds these not at all; twice the largest number must still be one.
    private const double MaxUnboundedCpu = 1e9;

    private static readonly string[] s_integers =
    [
        "min_scale", "max_scale", "memory_mb", "memory_limit_mb", "queue_min_scale", "queue_max_scale", "queue_memory_mb", "queue_memory_limit_mb",
        "orchestrator_memory_mb", "orchestrator_memory_limit_mb", "orchestrator_min_scale", "orchestrator_max_scale", "executor_memory_mb",
        "executor_memory_limit_mb", "redis_memory_mb", "redis_memory_limit_mb", "db_memory_mb", "db_memory_limit_mb", "db_storage_gi",
        "db_max_connections",
    ];

    private static readonly string[] s_boundedCpus = ["cpu", "queue_cpu", "redis_cpu"];

    private static readonly string[] s_freeCpus =
        ["orchestrator_cpu", "orchestrator_cpu_limit", "executor_cpu", "executor_cpu_limit", "db_cpu", "db_cpu_limit"];

    /// <summary>In this order, since the queue's limits follow the queue's own values.</summary>
    private static readonly (string Field, string From, int Times)[] s_defaults =
    [
        ("queue_min_scale", "min_scale", 1),
        ("queue_max_scale", "max_scale", 1),
        ("queue_cpu", "cpu", 1),
        ("queue_memory_mb", "memory_mb", 1),
        ("cpu_limit", "cpu", 2),
        ("memory_limit_mb", "memory_mb", 2),
        ("queue_cpu_limit", "queue_cpu", 2),
        ("queue_memory_limit_mb", "queue_memory_mb", 2),
        ("redis_cpu_limit", "redis_cpu", 2),
        ("redis_memory_limit_mb", "redis_memory_mb", 1),
        ("db_cpu_limit", "db_cpu", 2),
        ("db_memory_limit_mb", "db_memory_mb", 2),
    ];

    /// <summary>Null when it did not come.</summary>
    public static JsonElement? Read(BodyReader sourceConfig)
    {
        if (sourceConfig.OptionalObject("resource_spec") is not { IsPresent: true } body) return null;
        var spec = new JsonObject();
        foreach (var field in s_integers) spec[field] = (long?)body.OptionalInt(field);
        foreach (var field in s_freeCpus) spec[field] = body.OptionalNumber(field, -MaxUnboundedCpu, MaxUnboundedCpu);
        foreach (var field in s_boundedCpus)
        {
            spec[field] = Rounded(body.OptionalNumber(field, MinCpu, MaxCpu));
            spec[$"{field}_limit"] = Rounded(body.OptionalNumber($"{field}_limit", MinCpu, MaxCpuLimit));
        }

        foreach (var (field, from, times) in s_defaults) spec[field] ??= Times(spec[from], times);
        PodSpecReader.ReadInto(body, spec);
        return Element(spec);
    }

    private static double? Rounded(double? cores) => cores is { } value ? Math.Round(value, 1) : null;

    private static JsonNode? Times(JsonNode? value, int times) => value?.AsValue() switch
    {
        null => null,
        { } number when number.TryGetValue<long>(out var whole) => whole * times,
        { } number => number.GetValue<double>() * times,
    };

    private static JsonElement Element(JsonObject spec)
    {
        using var document = JsonDocument.Parse(spec.ToJsonString());
        return document.RootElement.Clone();
    }
}
