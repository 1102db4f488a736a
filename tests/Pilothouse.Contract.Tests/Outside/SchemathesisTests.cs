using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Outside;

/// <summary>
/// Schemathesis reads <c>/openapi.json</c> of a real server, makes requests of it, good and bad, follows its links from answer to request, and holds
/// the answers to it. What the contract itself explains is in <c>schemathesis.toml</c>, with the reason.
/// </summary>
public sealed class SchemathesisTests
{
    private const string Version = "4.32.5";

    /// <summary>So many cases for each operation, the same ones on every machine: a time limit would find more on a quick one.</summary>
    [Theory]
    [InlineData("stateful", 2)]
    [InlineData("coverage,fuzzing", 3)]
    public async Task The_server_does_what_its_document_says(string phases, int cases)
    {
        var programs = await Programs.PythonAsync("schemathesis", Version);
        await using var server = await RunningServer.StartAsync(new() { ["Overload:KeyRequestsPerSecond"] = "1000000", ["Overload:WorkspaceRequestsPerSecond"] = "1000000" });
        using var http = server.Client();
        var tenant = await WorkspaceAsync(http);

        var ended = await Programs.RunAsync(
            Path.Combine(programs, "schemathesis"),
            [
                "--config-file", Path.Combine(Repository.Root, "tests", "Pilothouse.Contract.Tests", "Outside", "schemathesis.toml"),
                "--no-color", "run", new Uri(server.Address, "/openapi.json").AbsoluteUri,
                "-H", $"X-Api-Key: {server.Key}", "-H", $"X-Tenant-Id: {tenant}",

                // An archive is no JSON, and this tool makes nothing else.
                "--exclude-path-regex", "^/uploads/",
                "--seed", "20261125", "--generation-deterministic", "--max-examples", $"{cases}", "--phases", phases,
                "--continue-on-failure", "--no-shrink", "--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off",
            ],
            server.DataDirectory,
            mayFail: true);

        Assert.True(ended.Code == 0, $"{ended}\n{server.Output}");
        Assert.DoesNotContain("No tests were run", ended.Output, StringComparison.Ordinal);
    }

    /// <summary>Its id stands in every deployment, of which there must be one anyway.</summary>
    private static async Task<string> WorkspaceAsync(HttpClient http)
    {
        using var answer = await http.PostAsJsonAsync(
            "/v2/deployments",
            new { name = "first", source = "external_docker", source_config = new { }, source_revision_config = new { image_uri = "registry.example/agent:1" }, secrets = Array.Empty<object>() },
            Repository.Cancel);
        var text = await answer.Content.ReadAsStringAsync(Repository.Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return (string)JsonNode.Parse(text)!["tenant_id"]!;
    }
}
