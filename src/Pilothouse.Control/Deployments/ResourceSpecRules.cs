using System.Text.Json;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Deployments;

/// <summary>What the numbers of a read <c>resource_spec</c> must be to one another.</summary>
internal static class ResourceSpecRules
{
    private const int MaxBytes = 64 * 1024;
    private const int MaxReplicas = 1000;

    private static readonly string[] s_positive =
    [
        "max_scale", "queue_max_scale", "memory_mb", "memory_limit_mb", "queue_memory_mb", "queue_memory_limit_mb", "redis_memory_mb",
        "redis_memory_limit_mb", "db_cpu", "db_cpu_limit", "db_memory_mb", "db_memory_limit_mb", "db_storage_gi", "db_max_connections",
    ];

    private static readonly string[] s_scales = ["min_scale", "max_scale", "queue_min_scale", "queue_max_scale"];

    private static readonly (string Lower, string Upper)[] s_ordered =
    [
        ("min_scale", "max_scale"), ("queue_min_scale", "queue_max_scale"), ("cpu", "cpu_limit"), ("queue_cpu", "queue_cpu_limit"),
        ("redis_cpu", "redis_cpu_limit"), ("db_cpu", "db_cpu_limit"), ("memory_mb", "memory_limit_mb"), ("queue_memory_mb", "queue_memory_limit_mb"),
        ("redis_memory_mb", "redis_memory_limit_mb"), ("db_memory_mb", "db_memory_limit_mb"),
    ];

    public static void Check(JsonElement spec, Refusals refusals)
    {
        if (spec.GetRawText().Length > MaxBytes) refusals.Add($"source_config.resource_spec is larger than {MaxBytes} bytes.");
        foreach (var field in s_positive.Where(field => Number(spec, field) <= 0))
            refusals.Add($"source_config.resource_spec.{field} must be above 0.");
        foreach (var field in s_scales.Where(field => Number(spec, field) is < 0 or > MaxReplicas))
            refusals.Add($"source_config.resource_spec.{field} must be from 0 to {MaxReplicas}.");
        foreach (var (lower, upper) in s_ordered.Where(pair => Number(spec, pair.Lower) > Number(spec, pair.Upper)))
            refusals.Add($"source_config.resource_spec.{lower} must not be above {upper}.");
    }

    private static double? Number(JsonElement spec, string field) =>
        spec.GetProperty(field) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;
}
