using System.Text.Json.Nodes;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>A body that is wrong in one place, or only looks so.</summary>
/// <param name="Fault">Where a 422 must name a fault, e.g. <c>body.secrets.0.name</c>; null: the shape is good, so that 422 would be wrong.</param>
public sealed record BodyCase(string What, string Body, string? Fault);

/// <summary>Derives from a schema what it forbids, and what it allows although it looks odd.</summary>
public sealed class BadBodies(ContractFile file, GoodValues good)
{
    /// <summary>Deeper than any reader follows a specification of pods.</summary>
    private const int MaxDepth = 8;

    /// <param name="based">A good body of that schema.</param>
    public IEnumerable<BodyCase> Of(JsonNode schema, JsonObject based, bool isRequired)
    {
        foreach (var one in Whole())
        {
            if (isRequired || one.What is not ("null" or "nothing")) yield return one;
        }

        var extra = (JsonObject)based.DeepClone();
        extra["no_such_field"] = new JsonObject { ["deep"] = new JsonArray(1, null, "x") };
        yield return new BodyCase("extra field", extra.ToJsonString(), Fault: null);
        foreach (var one in OfObject(file.Filled(schema), [], based)) yield return one;
    }

    private static IEnumerable<BodyCase> Whole()
    {
        yield return new BodyCase("array", "[]", "body");
        yield return new BodyCase("text", "\"text\"", "body");
        yield return new BodyCase("number", "7", "body");
        yield return new BodyCase("null", "null", "body");
        yield return new BodyCase("nothing", "", "body");
        yield return new BodyCase("half", "{\"name\":", "body");
        yield return new BodyCase("two objects", "{}{}", "body");
        yield return new BodyCase("trailing comma", "{\"name\":\"x\",}", "body");
        yield return new BodyCase("not UTF-8", "{\"name\":\"\u00ff", "body");
        yield return new BodyCase("too deep", $"{new string('[', 5000)}{new string(']', 5000)}", "body");
        yield return new BodyCase("too deep in a field", $"{{\"name\":{string.Concat(Enumerable.Repeat("{\"a\":", 5000))}1{new string('}', 5000)}}}", "body");
    }

    private IEnumerable<BodyCase> OfObject(JsonObject schema, IReadOnlyList<object> at, JsonObject body)
    {
        if (at.Count > MaxDepth) yield break;
        var required = GoodValues.Required(schema);
        foreach (var (name, field) in schema["properties"] as JsonObject ?? [])
        {
            IReadOnlyList<object> here = [.. at, name];
            if (required.Contains(name)) yield return Case("without", here, body, remove: true, value: null, isFault: true);
            if (file.MayBeNull(field!)) yield return Case("null", here, body, remove: false, value: null, isFault: false);
            else if (required.Contains(name)) yield return Case("null", here, body, remove: false, value: null, isFault: true);
            foreach (var one in OfValue(file.Filled(field!), here, body)) yield return one;
        }
    }

    private IEnumerable<BodyCase> OfValue(JsonObject schema, IReadOnlyList<object> here, JsonObject body)
    {
        foreach (var (what, wrong) in Wrong(schema)) yield return Case(what, here, body, remove: false, wrong, isFault: true);
        var type = (string?)schema["type"];
        if (type == "object" && schema["properties"] is not null)
        {
            foreach (var one in OfObject(schema, here, With(body, here, good.Least(schema)))) yield return one;
        }
        else if (type == "object" && schema["additionalProperties"] is JsonObject values)
        {
            foreach (var (what, wrong) in Wrong(file.Filled(values)))
                yield return Case(what, [.. here, "key"], With(body, here, new JsonObject()), remove: false, wrong, isFault: true);
        }
        else if (type == "array" && schema["items"] is { } items)
        {
            foreach (var one in OfValue(file.Filled(items), [.. here, 0], With(body, here, new JsonArray(good.Least(items))))) yield return one;
        }
    }

    private static IEnumerable<(string What, JsonNode? Value)> Wrong(JsonObject schema)
    {
        if (schema["const"] is not null || schema["enum"] is not null) yield return ("unknown word", "no-such-word");
        switch ((string?)schema["type"])
        {
            case "string":
                yield return ("number for text", 7);
                yield return ("object for text", new JsonObject());
                yield return ("list for text", new JsonArray("x"));
                if ((string?)schema["format"] == "uuid") yield return ("no uuid", "12345678-1234-1234-1234-12345678901");
                break;
            case "integer":
                yield return ("text for integer", "many");
                yield return ("fraction for integer", 1.5);
                yield return ("list for integer", new JsonArray(1));
                yield return ("huge integer", JsonNode.Parse("1e300"));
                break;
            case "number":
                yield return ("text for number", "much");
                yield return ("object for number", new JsonObject());
                break;
            case "boolean":
                yield return ("word for boolean", "perhaps");
                yield return ("list for boolean", new JsonArray(true));
                break;
            case "array":
                yield return ("object for list", new JsonObject { ["a"] = 1 });
                yield return ("text for list", "a,b");
                break;
            case "object":
                yield return ("text for object", "{}");
                yield return ("list for object", new JsonArray());
                break;
        }

        if ((double?)schema["minimum"] is { } least) yield return ("too small", least - 1);
        if ((double?)schema["maximum"] is { } most) yield return ("too large", most + 1);
    }

    private static BodyCase Case(string what, IReadOnlyList<object> here, JsonObject body, bool remove, JsonNode? value, bool isFault)
    {
        var changed = With(body, here, value, remove);
        return new BodyCase($"{what} at {string.Join('.', here)}", changed.ToJsonString(), isFault ? $"body.{string.Join('.', here)}" : null);
    }

    private static JsonObject With(JsonObject body, IReadOnlyList<object> here, JsonNode? value, bool remove = false)
    {
        var copy = (JsonObject)body.DeepClone();
        JsonNode at = copy;
        foreach (var step in here.SkipLast(1)) at = step is int index ? at[index]! : at[(string)step]!;
        if (here[^1] is int last) at[last] = value?.DeepClone();
        else if (remove) at.AsObject().Remove((string)here[^1]);
        else at[(string)here[^1]] = value?.DeepClone();
        return copy;
    }
}
