using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>Holds answers against the schemas of a document, with a validator of JSON Schema 2020-12, formats included.</summary>
public sealed class AnswerCheck(ContractFile file)
{
    private static readonly EvaluationOptions s_strict = new() { OutputFormat = OutputFormat.List, RequireFormatValidation = true };

    /// <summary>What the contract shows of refusals by an example only.</summary>
    private static readonly JsonObject s_refusal = JsonNode.Parse(
        """{"type":"object","properties":{"detail":{"type":"string","minLength":1}},"required":["detail"]}""")!.AsObject();

    private readonly Dictionary<string, JsonSchema> _schemas = [];
    private readonly HashSet<string> _fields = [];

    public int Answers { get; private set; }

    /// <summary>Distinct fields that answers had, as <c>operation: resources[].id</c>.</summary>
    public int Fields => _fields.Count;

    /// <returns>One sentence for each fault.</returns>
    public IReadOnlyList<string> Faults(Operation operation, int status, string? contentType, string body)
    {
        Answers++;
        if (status is 204) return body.Length == 0 ? [] : ["204 with a body."];
        if (contentType != "application/json") return [$"{status} is {contentType ?? "of no type"}, not application/json."];
        JsonElement answer;
        try
        {
            using var parsed = JsonDocument.Parse(body);
            answer = parsed.RootElement.Clone();
        }
        catch (JsonException notJson)
        {
            return [$"{status} is not JSON: {notJson.Message}"];
        }

        Count(answer, $"{operation}: ");
        var schema = SchemaOf(operation, status);
        return schema is null ? [] : Faults(schema, answer).Select(fault => $"{status}: {fault}").ToList();
    }

    /// <returns>One sentence for each fault; empty when the value is as the schema says.</returns>
    public IReadOnlyList<string> Faults(JsonObject schema, JsonElement value)
    {
        var result = Compiled(schema).Evaluate(value, s_strict);
        if (result.IsValid) return [];

        // Every alternative that does not hold is told of; the fault is where the way into the value is longest.
        var told = (result.Details ?? [])
            .Where(detail => detail.Errors is { Count: > 0 })
            .OrderByDescending(detail => detail.InstanceLocation.SegmentCount)
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation} {error.Value}"))
            .Take(2);
        return [string.Join("; ", told)];
    }

    private JsonObject? SchemaOf(Operation operation, int status)
    {
        var listed = operation.Answers.TryGetValue(status, out var answer)
            ? file.Resolve(answer)["content"]?["application/json"]?["schema"]?.AsObject()
            : null;
        if (listed is { Count: > 0 }) return listed;
        return status >= 400 ? s_refusal : null;
    }

    private JsonSchema Compiled(JsonObject schema)
    {
        var text = schema.ToJsonString();
        if (_schemas.TryGetValue(text, out var known)) return known;
        var whole = (JsonObject)schema.DeepClone();
        whole["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        whole["$defs"] = file.Schemas.DeepClone();
        return _schemas[text] = JsonSchema.FromText(whole.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
    }

    private void Count(JsonElement value, string at)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in value.EnumerateObject())
            {
                _fields.Add(at + field.Name);
                Count(field.Value, $"{at}{field.Name}.");
            }
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) Count(item, $"{at}[].");
        }
    }
}
