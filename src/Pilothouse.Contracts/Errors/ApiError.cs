using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilothouse.Contracts.Errors;

/// <summary>A refusal: <c>{"detail": "…"}</c>.</summary>
public sealed record ApiError(string Detail);

/// <summary>Faults of shape, all of a request at once: <c>{"detail": [ … ]}</c> with status 422.</summary>
public sealed record ValidationErrors(IReadOnlyList<ValidationFault> Detail);

/// <param name="Type">e.g. <c>missing</c>, <c>string_type</c>, <c>enum</c>.</param>
/// <param name="Loc">e.g. <c>["body","source_config","deployment_type"]</c>; items are strings or integers.</param>
/// <param name="Msg">e.g. <c>Field required</c>.</param>
/// <param name="Input">What came; never a secret's value.</param>
/// <param name="Ctx">Numbers and words of the broken rule, e.g. <c>{"ge":1}</c>.</param>
public sealed record ValidationFault(
    string Type,
    IReadOnlyList<JsonElement> Loc,
    string Msg,
    JsonElement? Input,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Ctx = null);
