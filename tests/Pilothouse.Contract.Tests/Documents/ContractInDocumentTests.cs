using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Contract;
using Xunit;

namespace Pilothouse.Contract.Tests.Documents;

/// <summary>
/// Our document promises what the published contract promises, to the letter, prose aside. It may say more: each addition bears a mark, <c>x-newer</c>
/// for what newer clients of the original use, <c>x-pilothouse</c> for what is ours.
/// </summary>
public sealed class ContractInDocumentTests
{
    private static readonly string[] s_marks = ["x-newer", "x-pilothouse"];

    public static TheoryData<string, string> Operations() =>
        [.. ContractFile.Published.Operations.Select(operation => new TheoryDataRow<string, string>(operation.Path, operation.Verb))];

    public static TheoryData<string> Schemas() => [.. ContractFile.Published.Schemas.Select(schema => schema.Key)];

    [Fact]
    public void The_contract_has_thirty_nine_operations_and_forty_six_schemas()
    {
        Assert.Equal(39, ContractFile.Published.Operations.Count);
        Assert.Equal(46, ContractFile.Published.Schemas.Count);
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operation_is_as_in_the_contract(string path, string verb)
    {
        var contract = ContractFile.Published.Find(path, verb)!;
        var ours = OurDocument.File.Find(path, verb);

        Assert.NotNull(ours);
        Assert.Equal(contract.Id, ours.Id);
        Same(contract.Node["tags"], ours.Node["tags"]);
        Same(contract.Node["security"], ours.Node["security"]);
        Same(contract.Node["requestBody"], ours.Node["requestBody"]);
        Assert.Equal(
            contract.Parameters.Select(Shape),
            ours.Parameters.Where(parameter => !IsMarked(parameter.Node)).Select(Shape));
        foreach (var (status, answer) in contract.Answers)
        {
            Assert.True(ours.Answers.TryGetValue(status, out var answered), $"{status} is not listed.");
            if (answer["content"]?["application/json"]?["schema"] is JsonObject { Count: > 0 } schema)
                Same(schema, OurDocument.File.Resolve(answered)["content"]?["application/json"]?["schema"]);
        }
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Schema_is_as_in_the_contract(string name)
    {
        var ours = OurDocument.File.Schemas[name]!.AsObject();

        Same(ContractFile.Published.Schemas[name], ours);
        foreach (var (property, schema) in ContractFile.Published.Schemas[name]!["properties"] as JsonObject ?? [])
            Assert.Equal((string?)schema!["title"], (string?)ours["properties"]![property]!["title"]);
    }

    [Fact]
    public void What_the_contract_does_not_have_is_marked()
    {
        var unmarked = OurDocument.File.Operations
            .Where(operation => ContractFile.Published.Find(operation.Path, operation.Verb) is null && !IsMarked(operation.Node));

        Assert.Empty(unmarked);
    }

    [Fact]
    public void An_unmarked_addition_would_be_noticed()
    {
        var ours = OurDocument.File.Schemas["Deployment"]!.DeepClone().AsObject();
        ours["properties"]!["is_preview"]!.AsObject().Remove("x-newer");

        Assert.False(JsonNode.DeepEquals(Prose.Without(ContractFile.Published.Schemas["Deployment"]), WithoutAdditions(Prose.Without(ours))));
    }

    private static string Shape(Parameter parameter) =>
        $"{parameter.Name} in {parameter.In}, required {parameter.IsRequired}: {WithoutAdditions(Prose.Without(parameter.Schema))}";

    private static void Same(JsonNode? contract, JsonNode? ours) => Assert.True(
        JsonNode.DeepEquals(Prose.Without(contract), WithoutAdditions(Prose.Without(ours))),
        $"The contract says\n{Prose.Without(contract)?.ToJsonString(Prose.Indented)}\nand we\n{WithoutAdditions(Prose.Without(ours))?.ToJsonString(Prose.Indented)}");

    private static bool IsMarked(JsonNode? node) => node is JsonObject fields && s_marks.Any(mark => (bool?)fields[mark] ?? false);

    /// <summary>Drops marked properties, and of widened enums the values that are named as newer.</summary>
    private static JsonNode? WithoutAdditions(JsonNode? node)
    {
        if (node is JsonArray items) return new JsonArray([.. items.Select(WithoutAdditions)]);
        if (node is not JsonObject fields) return node?.DeepClone();
        var newer = (fields["x-newer-values"] as JsonArray ?? []).Select(value => (string)value!).ToHashSet();
        if (fields["enum"] is JsonArray words && newer.Count == words.Count - 1 && newer.Count > 0)
        {
            // One word, as the contract has it.
            var left = fields.DeepClone().AsObject();
            (left["const"], _, _) = (words.First(value => !newer.Contains((string)value!))!.DeepClone(), left.Remove("enum"), left.Remove("x-newer-values"));
            return WithoutAdditions(left);
        }

        return new JsonObject(fields
            .Where(field => field.Key != "x-newer-values" && !IsMarked(field.Value))
            .Select(field => KeyValuePair.Create(
                field.Key,
                field.Key == "enum" && newer.Count > 0
                    ? new JsonArray([.. field.Value!.AsArray().Where(value => !newer.Contains((string)value!)).Select(value => value!.DeepClone())])
                    : WithoutAdditions(field.Value))));
    }
}
