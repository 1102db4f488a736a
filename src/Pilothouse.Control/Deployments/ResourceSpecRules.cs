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
        CheckPod(spec, refusals);
    }

    /// <summary>What no cluster takes, and what would be ambiguous; the rest is the cluster's to judge.</summary>
    private static void CheckPod(JsonElement spec, Refusals refusals)
    {
        if (HasNul(spec)) refusals.Add("source_config.resource_spec contains a NUL character, which nothing in a pod can.");
        CheckOnce("volumes", "name", [.. Texts(spec, "volumes", "name")], refusals);
        CheckOnce("volume_mounts", "mountPath", [.. Texts(spec, "volume_mounts", "mountPath")], refusals);
        CheckOnce("image_pull_secrets", "name", [.. Texts(spec, "image_pull_secrets", "name")], refusals);
        CheckOnce(
            "init_containers and sidecars", "name", [.. Texts(spec, "init_containers", "name"), .. Texts(spec, "sidecars", "name")], refusals);
    }

    private static void CheckOnce(string lists, string field, IReadOnlyList<string> values, Refusals refusals)
    {
        foreach (var twice in values.GroupBy(value => value, StringComparer.Ordinal).Where(group => group.Skip(1).Any()))
            refusals.Add($"source_config.resource_spec.{lists} have the {field} '{twice.Key}' more than once.");
    }

    private static IEnumerable<string> Texts(JsonElement spec, string list, string field)
    {
        if (!spec.TryGetProperty(list, out var items) || items.ValueKind != JsonValueKind.Array) yield break;
        foreach (var item in items.EnumerateArray())
        {
            if (item.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String) yield return value.GetString()!;
        }
    }

    private static bool HasNul(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(field => field.Name.Contains('\0', StringComparison.Ordinal) || HasNul(field.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasNul),
        JsonValueKind.String => value.GetString()!.Contains('\0', StringComparison.Ordinal),
        _ => false,
    };

    private static double? Number(JsonElement spec, string field) =>
        spec.GetProperty(field) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;
}
