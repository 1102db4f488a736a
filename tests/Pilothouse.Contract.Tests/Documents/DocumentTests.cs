using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Contract.Tests.World;
using Pilothouse.Control.OpenApi;
using Xunit;

namespace Pilothouse.Contract.Tests.Documents;

/// <summary>The document is whole, true to what is served, and served well.</summary>
public sealed class DocumentTests(ContractHost host) : IClassFixture<ContractHost>
{
    /// <summary>Mapped by the server's own program, beside the control plane.</summary>
    private static readonly string[] s_ofProcess = ["GET /ok", "GET /healthz", "GET /readyz", "GET /metrics"];

    [Fact]
    public void Fragments_fit_together() => Assert.Empty(DocumentMerge.Run(ApiDocument.Fragments()).Faults);

    [Theory]
    [InlineData("""{"paths":{"/v2/deployments":{"get":{"operationId":"again"}}}}""", "x.json says again: paths /v2/deployments get.")]
    [InlineData("""{"components":{"schemas":{"Deployment":{}}}}""", "x.json says again: components schemas Deployment.")]
    [InlineData("""{"info":{}}""", "x.json says again: info.")]
    [InlineData("""{"paths":{"/x":{"get":{"operationId":"x","responses":{"200":{"$ref":"#/components/responses/Lost"}}}}}}""", "Nothing is at #/components/responses/Lost.")]
    [InlineData("""{"paths":{"/x":{"get":{"operationId":"get_deployment_v2_deployments__deployment_id__get"}}}}""", "Two operations are called get_deployment_v2_deployments__deployment_id__get.")]
    [InlineData("""{"paths":{"/x":{"get":{}}}}""", "An operation has no operationId.")]
    [InlineData("""{"paths":{"/x":{"get":{"operationId":"x","security":[{"Magic":[]}]}}}}""", "x names no known scheme: Magic.")]
    [InlineData("""{"paths":{"/x":{"get":{"operationId":"x","responses":{"200":{"links":{"L":{"operationId":"lost"}}}}}}}}""", "x links L to no operation.")]
    [InlineData("""[]""", "x.json is not an object.")]
    public void A_fragment_that_does_not_fit_is_told(string json, string fault) =>
        Assert.Equal([fault], DocumentMerge.Run(ApiDocument.Fragments().Append(("x.json", json))).Faults);

    [Fact]
    public void Every_endpoint_is_described_and_every_description_is_served()
    {
        var served = host.Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true })
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"])
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/')}"))
            .ToHashSet();
        var described = OurDocument.File.Operations.Select(operation => operation.ToString()).ToHashSet();

        Assert.Empty(served.Except(described).Select(endpoint => $"{endpoint} is served and not described.")
            .Concat(described.Except(served).Where(operation => !s_ofProcess.Contains(operation)).Select(operation => $"{operation} is described and not served.")));
    }

    [Fact]
    public void Everything_is_described_in_words()
    {
        var silent =
            OurDocument.File.Operations
                .Where(operation => Words(operation.Node["summary"]) is null || Words(operation.Node["description"]) is null)
                .Select(operation => operation.ToString())
            .Concat(
                from operation in OurDocument.File.Operations
                from parameter in operation.Parameters
                where Words(parameter.Node["description"]) is null
                select $"{operation} {parameter.Name}")
            .Concat(
                from schema in OurDocument.File.Schemas
                where Words(schema.Value!["description"]) is null
                select schema.Key)
            .Concat(
                from operation in OurDocument.File.Operations
                from answer in operation.Answers
                where Words(OurDocument.File.Resolve(answer.Value)["description"]) is null
                select $"{operation} {answer.Key}");

        Assert.Empty(silent);
    }

    [Theory]
    [InlineData("/openapi.json", "/")]
    [InlineData("/api-host/openapi.json", "/api-host")]
    public async Task Anybody_gets_it_and_its_server_is_where_it_was_asked_for(string path, string server)
    {
        using var http = host.Client(key: null);
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), ContractHost.Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        var document = JsonNode.Parse(await answer.Content.ReadAsStringAsync(ContractHost.Cancel))!;
        Assert.Equal("3.1.0", (string?)document["openapi"]);
        Assert.Equal(server, (string?)document["servers"]!.AsArray().Single()!["url"]);
        Assert.Equal(OurDocument.File.Operations.Count, new ContractFile(document.AsObject()).Operations.Count);
    }

    [Fact]
    public async Task Who_has_it_already_gets_304()
    {
        using var http = host.Client(key: null);
        using var first = await http.GetAsync(new Uri("/openapi.json", UriKind.Relative), ContractHost.Cancel);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/openapi.json");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await http.SendAsync(again, ContractHost.Cancel);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(0, second.Content.Headers.ContentLength ?? 0);
    }

    private static string? Words(JsonNode? node) => (string?)node is { Length: > 1 } text ? text : null;
}
