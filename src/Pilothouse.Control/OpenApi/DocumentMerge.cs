using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pilothouse.Control.OpenApi;

/// <summary>
/// Puts the fragments of the features together. Each says what it adds to <c>paths</c> and <c>components</c>; one of them is the head, with
/// <c>openapi</c>, <c>info</c> and <c>tags</c>. Nothing may come twice, and every reference must lead somewhere.
/// </summary>
internal static class DocumentMerge
{
    private static readonly string[] s_verbs = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

    /// <param name="fragments">Names, for what is told of faults, and JSON.</param>
    /// <returns>The document, and one sentence for each fault.</returns>
    public static (JsonObject Document, IReadOnlyList<string> Faults) Run(IEnumerable<(string Name, string Json)> fragments)
    {
        var faults = new List<string>();
        var document = new JsonObject();
        foreach (var (name, json) in fragments)
        {
            if (JsonNode.Parse(json) is not JsonObject fragment)
            {
                faults.Add($"{name} is not an object.");
                continue;
            }

            foreach (var (key, value) in fragment) AddPart(document, key, value, name, faults);
        }

        faults.AddRange(FaultsOf(document));
        return (document, faults);
    }

    /// <summary>Paths and components are joined two levels deep; all else may come once.</summary>
    private static void AddPart(JsonObject document, string key, JsonNode? value, string fragment, List<string> faults)
    {
        if (key is not ("paths" or "components") || value is not JsonObject groups)
        {
            AddOnce(document, key, value, key, fragment, faults);
            return;
        }

        var all = Child(document, key);
        foreach (var (group, items) in groups)
        {
            var joined = Child(all, group);
            foreach (var (name, item) in items as JsonObject ?? []) AddOnce(joined, name, item, $"{key} {group} {name}", fragment, faults);
        }
    }

    private static void AddOnce(JsonObject to, string name, JsonNode? value, string what, string fragment, List<string> faults)
    {
        if (to.ContainsKey(name)) faults.Add($"{fragment} says again: {what}.");
        else to[name] = value?.DeepClone();
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child) parent[name] = child = [];
        return child;
    }

    private static IEnumerable<string> FaultsOf(JsonObject document)
    {
        var operations = Operations(document).ToList();
        var ids = operations.Select(operation => (string?)operation["operationId"] ?? "").ToList();
        foreach (var id in ids.GroupBy(id => id, StringComparer.Ordinal).Where(same => same.Key.Length == 0 || same.Count() > 1))
            yield return id.Key.Length == 0 ? "An operation has no operationId." : $"Two operations are called {id.Key}.";
        foreach (var (name, value) in Texts(document))
        {
            if (name is "$ref" && !Leads(document, value)) yield return $"Nothing is at {value}.";
        }

        foreach (var operation in operations)
        {
            foreach (var (_, answer) in operation["responses"] as JsonObject ?? [])
            {
                foreach (var (link, target) in answer?["links"] as JsonObject ?? [])
                {
                    if (!ids.Contains((string?)target?["operationId"] ?? "", StringComparer.Ordinal))
                        yield return $"{operation["operationId"]} links {link} to no operation.";
                }
            }

            foreach (var scheme in (operation["security"] as JsonArray ?? []).SelectMany(one => one!.AsObject().Select(named => named.Key)))
            {
                if (document["components"]?["securitySchemes"]?[scheme] is null) yield return $"{operation["operationId"]} names no known scheme: {scheme}.";
            }
        }
    }

    internal static IEnumerable<JsonObject> Operations(JsonObject document) =>
        from path in document["paths"] as JsonObject ?? []
        from operation in path.Value!.AsObject()
        where s_verbs.Contains(operation.Key, StringComparer.Ordinal)
        select operation.Value!.AsObject();

    private static IEnumerable<(string Name, string Value)> Texts(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field =>
            field.Value is JsonValue text && text.GetValueKind() == JsonValueKind.String ? [(field.Key, (string)text!)] : Texts(field.Value)),
        JsonArray items => items.SelectMany(Texts),
        _ => [],
    };

    /// <summary>Follows <c>#/components/schemas/Deployment</c>.</summary>
    private static bool Leads(JsonObject document, string reference)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal)) return false;
        JsonNode? at = document;
        foreach (var step in reference[2..].Split('/'))
            at = (at as JsonObject)?[step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)];
        return at is not null;
    }
}
