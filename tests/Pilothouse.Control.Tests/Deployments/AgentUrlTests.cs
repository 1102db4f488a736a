using System.Net;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class AgentUrlTests
{
    [Theory]
    [InlineData(null, null, "{request}/lgp/{label}")]
    [InlineData("https://pilothouse.corp", null, "https://pilothouse.corp/lgp/{label}")]
    [InlineData("https://corp.example/pilothouse/", null, "https://corp.example/pilothouse/lgp/{label}")]
    [InlineData("https://pilothouse.corp", "agents.corp", "https://{label}.agents.corp")]
    [InlineData(null, "agents.local:8787", "http://{label}.agents.local:8787")]
    public async Task Address_is_known_from_creation_on(string? publicUrl, string? domain, string expected)
    {
        await using var host = await ControlHost.StartAsync(new Dictionary<string, string?> { ["Gateway:PublicUrl"] = publicUrl, ["Gateway:Domain"] = domain });
        var api = await Api.InNewWorkspaceAsync(host);

        var made = await api.PostAsync("/api-host/v2/deployments", Bodies.Internal("app"));
        var listed = await api.GetAsync("/v2/deployments");

        expected = expected
            .Replace("{request}", host.Address.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("{label}", RouteLabel.Of("app", new DeploymentId(Guid.Parse(made.Expect(HttpStatusCode.Created).Id))), StringComparison.Ordinal);
        Assert.Equal(expected, made.Text_("source_config", "custom_url"));
        Assert.Equal(expected, listed.Body.GetProperty("resources")[0].GetProperty("source_config").GetProperty("custom_url").GetString());
    }

    [Theory]
    [InlineData("Gateway:PublicUrl", "pilothouse.corp")]
    [InlineData("Gateway:Domain", "https://agents.corp")]
    [InlineData("Deployments:MaxQueuedRevisions", "0")]
    public async Task Nonsense_in_the_configuration_stops_the_start(string key, string value)
    {
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => ControlHost.StartAsync(new Dictionary<string, string?> { [key] = value }));
    }
}
