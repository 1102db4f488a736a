using System.Text.Json.Nodes;

namespace Pilothouse.Contract.Tests.Contract;

/// <param name="Query">Without the question mark; null takes the parameter away.</param>
/// <param name="Fault">Where a 422 must name a fault, e.g. <c>query.limit</c>; null: allowed.</param>
public sealed record QueryCase(string What, string? Query, string? Fault);

/// <summary>What the schema of a query parameter forbids.</summary>
public static class BadQueries
{
    public static IEnumerable<QueryCase> Of(ContractFile file, Parameter parameter)
    {
        var name = parameter.Name;
        var fault = $"query.{name}";
        if (parameter.IsRequired) yield return new QueryCase($"without {name}", Query: null, fault);
        yield return new QueryCase($"{name} of 4000 characters and a NUL", $"{name}={new string('x', 4000)}%00", IsFree(file, parameter) ? null : fault);
        var schema = file.Filled(parameter.Schema);
        if (schema["enum"] is not null) yield return new QueryCase($"unknown {name}", $"{name}=no-such-word", fault);
        switch ((string?)schema["type"])
        {
            case "integer":
                yield return new QueryCase($"{name} is a word", $"{name}=many", fault);
                yield return new QueryCase($"{name} is a fraction", $"{name}=1.5", fault);
                yield return new QueryCase($"{name} is huge", $"{name}=99999999999999999999", fault);
                if ((long?)schema["minimum"] is { } least) yield return new QueryCase($"{name} is too small", $"{name}={least - 1}", fault);
                if ((long?)schema["maximum"] is { } most) yield return new QueryCase($"{name} is too large", $"{name}={most + 1}", fault);
                break;
            case "boolean":
                yield return new QueryCase($"{name} is a word", $"{name}=perhaps", fault);
                break;
            case "array" when schema["items"] is { } items && (string?)items["format"] == "uuid":
                yield return new QueryCase($"{name} is no uuid", $"{name}=7", $"{fault}.0");
                if ((int?)schema["maxItems"] is { } many)
                    yield return new QueryCase($"too many {name}", string.Join('&', Enumerable.Range(0, many + 1).Select(_ => $"{name}={Guid.NewGuid()}")), fault);
                break;
        }
    }

    /// <summary>Any text will do.</summary>
    private static bool IsFree(ContractFile file, Parameter parameter)
    {
        JsonObject schema = file.Filled(parameter.Schema);
        return (string?)schema["type"] == "string" && schema["enum"] is null && schema["format"] is null;
    }
}
