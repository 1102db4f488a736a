using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>An OpenAPI document, read for what tests ask of it.</summary>
public sealed class ContractFile(JsonObject document)
{
    private static readonly string[] s_verbs = ["get", "post", "put", "patch", "delete"];

    /// <summary>The interface that this project promises, without its prose.</summary>
    public static ContractFile Published { get; } = new(
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "contract", "control-plane.openapi.json")))!.AsObject());

    public JsonObject Document => document;

    public JsonObject Schemas => document["components"]!["schemas"]!.AsObject();

    public IReadOnlyList<Operation> Operations { get; } =
    [
        .. from path in document["paths"]!.AsObject()
           from verb in path.Value!.AsObject()
           where s_verbs.Contains(verb.Key)
           select new Operation(path.Key, verb.Key, verb.Value!.AsObject()),
    ];

    public Operation? Find(string path, string verb) => Operations.FirstOrDefault(operation => operation.Path == path && operation.Verb == verb);

    /// <summary>What a reference says, or the node itself.</summary>
    public JsonObject Resolve(JsonNode node)
    {
        var at = node.AsObject();
        while ((string?)at["$ref"] is { } reference)
            at = reference[2..].Split('/').Aggregate((JsonNode)document, (parent, step) => parent[step]!).AsObject();
        return at;
    }

    /// <summary>The parts of <c>anyOf</c>, or of a list of types, resolved; a plain schema is its only part.</summary>
    public IReadOnlyList<JsonObject> Alternatives(JsonNode schema)
    {
        var resolved = Resolve(schema);
        if (resolved["type"] is JsonArray types) return [.. types.Select(type => OfType(resolved, type!))];
        return resolved["anyOf"] is JsonArray any ? [.. any.SelectMany(one => Alternatives(one!))] : [resolved];
    }

    private static JsonObject OfType(JsonObject schema, JsonNode type)
    {
        var one = (JsonObject)schema.DeepClone();
        one["type"] = type.DeepClone();
        return one;
    }

    public bool MayBeNull(JsonNode schema) => Alternatives(schema).Any(one => (string?)one["type"] == "null");

    /// <summary>The alternative that is not null.</summary>
    public JsonObject Filled(JsonNode schema) => Alternatives(schema).First(one => (string?)one["type"] != "null");
}

/// <param name="Verb">Lower case, as in the document.</param>
public sealed record Operation(string Path, string Verb, JsonObject Node)
{
    public string Id => (string)Node["operationId"]!;

    /// <summary>What listeners say to their control plane, with keys of their own: programs talk there, and faults need not name a field.</summary>
    public bool IsOfListeners => Path.Contains("/protocol/", StringComparison.Ordinal);

    public HttpMethod Method => HttpMethod.Parse(Verb.ToUpperInvariant());

    public IReadOnlyList<Parameter> Parameters { get; } =
        [.. (Node["parameters"] as JsonArray ?? []).Select(one => new Parameter(one!.AsObject()))];

    public JsonNode? BodySchema => Node["requestBody"]?["content"]?["application/json"]?["schema"];

    public bool NeedsBody => (bool?)Node["requestBody"]?["required"] ?? false;

    /// <summary>Statuses that are listed, e.g. <c>200</c>.</summary>
    public IReadOnlyDictionary<int, JsonObject> Answers { get; } =
        Node["responses"]!.AsObject().ToDictionary(one => int.Parse(one.Key), one => one.Value!.AsObject());

    public bool IsOpen => Node["security"] is not JsonArray { Count: > 0 };

    public override string ToString() => $"{Verb.ToUpperInvariant()} {Path}";
}

public sealed record Parameter(JsonObject Node)
{
    public string Name => (string)Node["name"]!;

    public string In => (string)Node["in"]!;

    public bool IsRequired => (bool?)Node["required"] ?? false;

    public JsonObject Schema => Node["schema"]!.AsObject();
}

public static class Prose
{
    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    /// <summary>The same, without what is written for people only.</summary>
    public static JsonNode? Without(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields
            .Where(field => !IsProse(field.Key, field.Value))
            .Select(field => KeyValuePair.Create(field.Key, Without(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Without)]),
        _ => node?.DeepClone(),
    };

    /// <summary>A property may be called <c>title</c>; a schema is an object and prose is not.</summary>
    private static bool IsProse(string name, JsonNode? value) =>
        name is "description" or "summary" or "title" or "example" or "examples" && value is not JsonObject;
}
