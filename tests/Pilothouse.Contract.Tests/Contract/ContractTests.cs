using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Documents;
using Pilothouse.Contract.Tests.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>
/// Every operation of the published contract, with a good request and with every bad one that its schema implies; each answer is held against
/// the contract by a validator of JSON Schema 2020-12.
/// </summary>
public sealed class ContractTests(ITestOutputHelper output)
{
    private static readonly string[] s_notJson = ["/ok", "/uploads/{token}"];

    /// <summary>Operations that succeed only with somebody else on the other side, and who that is; their success is shown by tests with a fake of it.</summary>
    private static readonly Dictionary<string, string> s_needOthers = new()
    {
        ["list_github_repositories_v1_integrations_github__integration_id__repos_get"] = "GitHub",
        ["list_forge_github_repositories_v1_integrations_forge_github__integration_id__repos_get"] = "GitHub",
        ["oauth_setup_callback_v2_auth_setup__provider_id__get"] = "a provider",
        ["oauth_callback_get_v2_auth_callback__provider_id__get"] = "a provider",
        ["oauth_callback_v2_auth_callback__provider_id__post"] = "a provider",
        ["create_mcp_oauth_provider_v2_auth_providers_mcp_discover_post"] = "an MCP server",
    };

    [Fact]
    public Task Every_operation_answers_as_the_contract_says() =>
        HoldAsync("contract", ContractFile.Published, ContractFile.Published.Operations);

    /// <summary>The others are no JSON: probes, and the archive that is put to a URL; or are said by listeners.</summary>
    [Fact]
    public Task Every_other_operation_answers_as_our_document_says() => HoldAsync(
        "document",
        OurDocument.File,
        [
            // A workspace that has listeners wants one named for each image.
            .. OurDocument.File.Operations
                .Where(operation => ContractFile.Published.Find(operation.Path, operation.Verb) is null && !operation.IsOfListeners && !s_notJson.Contains(operation.Path))
                .OrderBy(operation => operation.Path.StartsWith("/v2/listeners", StringComparison.Ordinal)),
        ]);

    private async Task HoldAsync(string what, ContractFile file, IReadOnlyList<Operation> operations)
    {
        // What one run leaves behind would change what the other may do: listeners, say, ask each image for its place.
        await using var host = new ContractHost();
        await host.InitializeAsync();
        using var http = host.Client(host.Key);
        using var nobody = host.Client(key: null);
        var run = new ContractRun(file, http, nobody);
        var uncovered = new List<string>();

        foreach (var operation in operations)
        {
            await run.RunAsync(operation);
            if (file == ContractFile.Published && !run.Statuses[operation.Id].Any(status => status is >= 200 and < 300) && !s_needOthers.ContainsKey(operation.Id))
                uncovered.Add($"{operation} never succeeded.");
        }

        foreach (var operation in operations)
            output.WriteLine($"{string.Join(' ', run.Statuses[operation.Id].Order()),-40} {operation}");
        var summary = $"{what}: {run.Statuses.Count} of {operations.Count} operations, {run.Check.Answers} answers, {run.Check.Fields} fields seen";
        output.WriteLine(summary);
        Console.WriteLine(summary);
        Assert.True(run.Faults.Count == 0, $"{run.Faults.Count} faults\n{string.Join('\n', run.Faults.Take(100))}");
        Assert.Empty(uncovered);
    }

    [Theory]
    [InlineData("""{"detail":[{"loc":["body",0],"msg":"m","type":"t"}]}""", true)]
    [InlineData("""{"detail":[{"loc":["body",0],"msg":"m"}]}""", false)]
    [InlineData("""{"detail":[{"loc":[null],"msg":"m","type":"t"}]}""", false)]
    [InlineData("""{"detail":"text"}""", false)]
    public void The_validator_tells_good_from_bad(string json, bool isGood) => Assert.Equal(isGood, IsGood("HTTPValidationError", json));

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "k8s", true)]
    [InlineData("2026", "k8s", false)]
    [InlineData("2026-01-31T12:00:00Z", "ecs", false)]
    public void The_validator_knows_formats_and_constants(string created, string type, bool isGood) => Assert.Equal(isGood, IsGood(
        "Listener",
        $$"""{"id":"{{Guid.NewGuid()}}","compute_type":"{{type}}","compute_id":"c","compute_config":{"k8s_namespaces":null},"created_at":"{{created}}","updated_at":"2026-01-31T12:00:00Z"}"""));

    private static bool IsGood(string schema, string json)
    {
        using var document = JsonDocument.Parse(json);
        return new AnswerCheck(ContractFile.Published).Faults(new JsonObject { ["$ref"] = $"#/components/schemas/{schema}" }, document.RootElement).Count == 0;
    }
}
