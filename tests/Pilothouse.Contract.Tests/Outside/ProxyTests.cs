using System.Diagnostics;
using System.Text.Json.Nodes;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Outside;

/// <summary>What clients do, through a proxy that validates every request and every answer against the contract file.</summary>
public sealed class ProxyTests
{
    private static readonly string[] s_final = ["DEPLOYED", "CREATE_FAILED", "BUILD_FAILED", "DEPLOY_FAILED", "SKIPPED", "INTERRUPTED"];

    [Fact]
    public async Task Clients_flows_break_nothing_of_the_contract()
    {
        await using var server = await RunningServer.StartAsync();
        await using var proxy = await ValidatingProxy.StartAsync(server);

        await DeployAsync(proxy);
        await ImageAsync(proxy);
        await ListenersAsync(proxy);
        await AuthAsync(proxy);

        Console.WriteLine($"proxy: {proxy.Calls} calls, no violation");
    }

    [Fact]
    public async Task The_proxy_notices_what_breaks_the_contract()
    {
        await using var server = await RunningServer.StartAsync();
        await using var proxy = await ValidatingProxy.StartAsync(server);

        var broken = await Record.ExceptionAsync(() => proxy.SendAsync(HttpMethod.Post, "/v2/deployments", new { name = "nothing else" }, wanted: 422));

        Assert.Contains("breaks the contract", broken?.Message, StringComparison.Ordinal);
    }

    /// <summary>As the official client deploys a folder, and then what people do with it.</summary>
    private static async Task DeployAsync(ValidatingProxy proxy)
    {
        var made = await proxy.SendAsync(
            HttpMethod.Post,
            "/v2/deployments",
            new { name = "echo", source = "internal_source", source_config = new { deployment_type = "dev" }, source_revision_config = new { }, secrets = Array.Empty<object>() },
            wanted: 201);
        var at = $"/v2/deployments/{made!["id"]}";
        await proxy.SendAsync(HttpMethod.Get, $"{at}/revisions?limit=1");
        var upload = await proxy.BesideAsync(HttpMethod.Post, $"{at}/upload-url", new { supports_upload_headers = true });
        await ValidatingProxy.PutAsync((string)upload!["upload_url"]!, Tarball.OfFolder(Repository.Sample("echo-js")));
        await proxy.SendAsync(HttpMethod.Patch, at, new
        {
            revision_source = "internal_source",
            source_revision_config = new { source_tarball_path = (string)upload["object_path"]!, langgraph_config_path = "langgraph.json" },
            secrets = new[] { new { name = "GREETING", value = "hello" } },
        });
        var first = await DeployedAsync(proxy, at);
        Assert.NotNull(await proxy.BesideAsync(HttpMethod.Post, $"/v1/projects/{made["id"]}/revisions/{first}/build_logs", new { order = "asc", limit = 50 }));
        Assert.NotNull(await proxy.BesideAsync(HttpMethod.Post, $"/v1/projects/{made["id"]}/deploy_logs", new { order = "desc", limit = 50 }));
        Assert.Equal("DEPLOYED", (string?)(await proxy.SendAsync(HttpMethod.Get, $"{at}/revisions/{first}"))!["status"]);

        await proxy.SendAsync(HttpMethod.Post, $"{at}/revisions/{first}/redeploy");
        Assert.NotEqual(first, await DeployedAsync(proxy, at));
        var now = await proxy.SendAsync(HttpMethod.Get, at);
        Assert.StartsWith("http://", (string?)now!["source_config"]!["custom_url"], StringComparison.Ordinal);
        Assert.Single((await proxy.SendAsync(HttpMethod.Get, "/v2/deployments?name_contains=echo&limit=100&offset=0"))!["resources"]!.AsArray());
        Assert.Equal(2, (await proxy.SendAsync(HttpMethod.Get, $"{at}/revisions?status=DEPLOYED"))!["resources"]!.AsArray().Count);
        await proxy.SendAsync(HttpMethod.Delete, at, wanted: 204);
    }

    /// <summary>As the official client announces an image of somebody's registry.</summary>
    private static async Task ImageAsync(ValidatingProxy proxy)
    {
        var made = await proxy.SendAsync(
            HttpMethod.Post,
            "/v2/deployments",
            new
            {
                name = "image",
                source = "external_docker",
                source_config = new { resource_spec = new { cpu = 1, memory_mb = 512, image_pull_secrets = new[] { new { name = "registry" } } } },
                source_revision_config = new { image_uri = "registry.example/agent:1" },
                secrets = Array.Empty<object>(),
            },
            wanted: 201);
        var at = $"/v2/deployments/{made!["id"]}";
        await proxy.SendAsync(HttpMethod.Patch, at, new { source_revision_config = new { image_uri = "registry.example/agent:2" }, secrets = Array.Empty<object>() });
        Assert.Equal(2, (await proxy.SendAsync(HttpMethod.Get, $"{at}/revisions"))!["resources"]!.AsArray().Count);
        await proxy.SendAsync(HttpMethod.Get, $"/v2/deployments/{Guid.NewGuid()}", wanted: 404);
        await proxy.SendAsync(HttpMethod.Delete, $"/v2/deployments?deployment_ids={made["id"]}");
    }

    private static async Task ListenersAsync(ValidatingProxy proxy)
    {
        var cluster = new { compute_type = "k8s", compute_id = "cluster", compute_config = new { k8s_namespaces = new[] { "agents" } } };
        var made = await proxy.SendAsync(HttpMethod.Post, "/v2/listeners", cluster, wanted: 201);
        await proxy.SendAsync(HttpMethod.Post, "/v2/listeners", cluster, wanted: 409);
        await proxy.SendAsync(HttpMethod.Get, $"/v2/listeners/{made!["id"]}");
        await proxy.SendAsync(HttpMethod.Patch, $"/v2/listeners/{made["id"]}", new { version = "1.0" });
        Assert.NotEmpty((await proxy.SendAsync(HttpMethod.Get, "/v2/listeners?limit=100&offset=0"))!["resources"]!.AsArray());
        await proxy.SendAsync(HttpMethod.Delete, $"/v2/listeners/{made["id"]}", wanted: 204);
        await proxy.SendAsync(HttpMethod.Get, $"/v2/listeners/{made["id"]}", wanted: 404);
        await proxy.SendAsync(HttpMethod.Get, "/v1/integrations/github/install");
        await proxy.SendAsync(HttpMethod.Get, "/v1/integrations/forge/github/install");
    }

    private static async Task AuthAsync(ValidatingProxy proxy)
    {
        await proxy.SendAsync(HttpMethod.Post, "/v2/auth/providers", new
        {
            provider_id = "example",
            name = "Example",
            client_id = "client",
            client_secret = "secret",
            auth_url = "https://provider.example/authorize",
            token_url = "https://provider.example/token",
        });
        await proxy.SendAsync(HttpMethod.Get, "/v2/auth/providers");
        await proxy.SendAsync(HttpMethod.Get, "/v2/auth/providers/example");
        await proxy.SendAsync(HttpMethod.Patch, "/v2/auth/providers/example", new { name = "Another" });
        var consent = await proxy.SendAsync(HttpMethod.Post, "/v2/auth/authenticate", new { user_id = "user", provider = "example", scopes = new[] { "read" } });
        await proxy.SendAsync(HttpMethod.Get, $"/v2/auth/wait/{consent!["auth_id"]}?timeout=0");
        await proxy.SendAsync(HttpMethod.Get, "/v2/auth/tokens");
        await proxy.SendAsync(HttpMethod.Get, "/v2/auth/tokens/exists?provider_id=example");
        var token = await proxy.BesideAsync(HttpMethod.Post, "/v2/auth/tokens/import", new { provider_id = "example", access_token = "access", scopes = new[] { "read" } });
        await proxy.SendAsync(HttpMethod.Patch, $"/v2/auth/tokens/{token!["token_id"]}/metadata", new { provider_account_label = "me" });
        var connection = await proxy.SendAsync(HttpMethod.Post, "/v2/auth/agents/agent/connections", new { oauth_token_id = (string)token["token_id"]! }, wanted: 201);
        await proxy.SendAsync(HttpMethod.Get, "/v2/auth/agents/agent/connections");
        await proxy.SendAsync(HttpMethod.Delete, $"/v2/auth/agents/agent/connections/{connection!["id"]}", wanted: 204);
        await proxy.SendAsync(HttpMethod.Delete, $"/v2/auth/tokens/{token["token_id"]}", wanted: 204);
        await proxy.SendAsync(HttpMethod.Delete, "/v2/auth/tokens?provider_id=example");
        await proxy.SendAsync(HttpMethod.Delete, "/v2/auth/providers/example");
    }

    /// <returns>The newest revision, once it is deployed.</returns>
    private static async Task<string> DeployedAsync(ValidatingProxy proxy, string at)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            JsonNode newest = (await proxy.SendAsync(HttpMethod.Get, $"{at}/revisions?limit=1"))!["resources"]![0]!;
            if (s_final.Contains((string)newest["status"]!))
            {
                Assert.Equal("DEPLOYED", (string)newest["status"]!);
                return (string)newest["id"]!;
            }

            // The first build on a machine installs the agent server.
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(4), $"Still {newest["status"]}.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Repository.Cancel);
        }
    }
}
