using System.Net;
using System.Net.Http.Json;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.OfficialClient;

/// <summary>The script that the vendor's documentation has for the API: create, poll, patch, poll, delete (flow 6).</summary>
[Collection(SharedServer.Name)]
public sealed class ScriptTests(ServerFixture world)
{
    /// <summary>No repository is connected to this control plane, so the first call is refused in the text that clients know; the others are as published.</summary>
    [Fact]
    public async Task Flow_6_the_script_is_told_that_no_repository_is_connected_and_goes_through_with_an_upload()
    {
        var name = ServerFixture.Name("script");
        using var refused = await world.Control.Http.PostAsJsonAsync("/v2/deployments", Published(name), Repository.Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("does not have permission on your repo", await refused.Content.ReadAsStringAsync(Repository.Cancel), StringComparison.Ordinal);

        var id = (await world.Control.CreateAsync(name)).GetProperty("id").GetString()!;
        var first = await world.Control.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js")));
        await world.Control.UntilAsync(id, first);
        var patched = await world.Control.SendAsync(
            HttpMethod.Patch, $"/v2/deployments/{id}", new { source_config = new { build_on_push = false }, source_revision_config = new { repo_ref = (string?)null, langgraph_config_path = "langgraph.json" } });
        var second = patched.GetProperty("latest_revision_id").GetString()!;
        Assert.NotEqual(first, second);
        await world.Control.UntilAsync(id, second);
        Assert.Equal("echo: still there", await (await world.Control.AgentAsync(id)).AskAsync("still there"));

        using var deleted = await world.Control.Http.DeleteAsync(new Uri($"/v2/deployments/{id}", UriKind.Relative), Repository.Cancel);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await Eventually.ReadAsync(() => StatusAsync(id), status => status == HttpStatusCode.NotFound);
    }

    private static object Published(string name) => new
    {
        name,
        source = "github",
        source_config = new { integration_id = Guid.NewGuid(), repo_url = "https://github.com/example/agent", deployment_type = "dev", build_on_push = false, custom_url = (string?)null, resource_spec = (object?)null },
        source_revision_config = new { repo_ref = "main", langgraph_config_path = "langgraph.json", image_uri = (string?)null },
        secrets = new[] { new { name = "OPENAI_API_KEY", value = "test" } },
    };

    private async Task<HttpStatusCode> StatusAsync(string id)
    {
        using var answer = await world.Control.Http.GetAsync(new Uri($"/v2/deployments/{id}", UriKind.Relative), Repository.Cancel);
        return answer.StatusCode;
    }
}
