using System.Text.Json.Nodes;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>Makes values that a schema allows. Texts are told apart by a number, since names must be unique.</summary>
public sealed class GoodValues(ContractFile file)
{
    private static int s_count;

    /// <summary>A word that no other value has.</summary>
    public static string Word(string stem = "w") => $"{stem}-{Interlocked.Increment(ref s_count)}";

    /// <summary>With the required fields only.</summary>
    /// <param name="name">Of the field, which tells what text it wants.</param>
    public JsonNode? Least(JsonNode schema, string name = "") => Of(schema, name, isWhole: false);

    /// <summary>With every field, none of them null.</summary>
    public JsonNode? Whole(JsonNode schema, string name = "") => Of(schema, name, isWhole: true);

    private JsonNode? Of(JsonNode schema, string name, bool isWhole)
    {
        var one = file.Filled(schema);
        if (one["const"] is { } only) return only.DeepClone();
        if (one["enum"] is JsonArray words) return words[0]!.DeepClone();
        return (string?)one["type"] switch
        {
            "object" => ObjectOf(one, isWhole),
            "array" => isWhole && one["items"] is { } items ? new JsonArray(Of(items, name, isWhole)) : new JsonArray(),
            "integer" => (long?)one["minimum"] ?? 1,
            "number" => (double?)one["minimum"] ?? 1,
            "boolean" => true,
            "string" => TextOf((string?)one["format"], name),
            _ => new JsonObject(),
        };
    }

    private JsonObject ObjectOf(JsonObject schema, bool isWhole)
    {
        var required = Required(schema);
        var made = new JsonObject();
        foreach (var (name, field) in schema["properties"] as JsonObject ?? [])
        {
            if (isWhole || required.Contains(name)) made[name] = Of(field!, name, isWhole);
        }

        if (isWhole && schema["additionalProperties"] is JsonObject values) made[Word()] = Of(values, "", isWhole);
        return made;
    }

    private string TextOf(string? format, string name) => (format, name) switch
    {
        ("uuid", _) or (_, "oauth_token_id") => Guid.NewGuid().ToString(),
        ("date-time", _) => "2026-01-31T12:00:00Z",
        _ when name.EndsWith("_url", StringComparison.Ordinal) || name == "return_to" => $"https://{Word("host")}.example/path",
        (_, "code_challenge_method") => "S256",
        (_, "level") => "INFO",
        (_, "role") => "viewer",
        (_, "permissions") => "deployments:read",
        (_, "email") => $"{Word("user")}@example.org",
        (_, "after") => "1",
        (_, "image_uri") => $"registry.example/{Word("image")}:1",
        _ => Word(name.Length == 0 ? "w" : name.Replace('_', '-')),
    };

    public static HashSet<string> Required(JsonObject schema) => [.. (schema["required"] as JsonArray ?? []).Select(one => (string)one!)];
}
