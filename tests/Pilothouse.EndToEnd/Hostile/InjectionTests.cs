using System.Net;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T1 of the API: every text that a caller may send, forty payloads each.</summary>
[Collection(SharedServer.Name)]
public sealed class InjectionTests(ServerFixture world)
{
    private static readonly (string Name, Func<string, string, object> Body)[] s_creates =
    [
        ("name", (text, _) => Internal(text)),
        ("agent_id", (text, name) => new { agent = new { agent_id = text, environment = "dev" }, name, source = "internal_source", source_config = new { }, source_revision_config = new { }, secrets = Array.Empty<object>() }),
        ("source", (text, name) => new { name, source = text, source_config = new { }, source_revision_config = new { }, secrets = Array.Empty<object>() }),
        ("deployment_type", (text, name) => Internal(name, new { deployment_type = text })),
        ("install_command", (text, name) => Internal(name, new { install_command = text })),
        ("build_command", (text, name) => Internal(name, new { build_command = text })),
        ("langgraph_config_path", (text, name) => Internal(name, revision: new { langgraph_config_path = text })),
        ("source_tarball_path", (text, name) => Internal(name, revision: new { source_tarball_path = text })),
        ("secret name", (text, name) => Internal(name, secrets: [new { name = text, value = "v" }])),
        ("secret value", (text, name) => Internal(name, secrets: [new { name = "S", value = text }])),
        ("secret reference", (text, name) => new { name, source = "internal_source", source_config = new { }, source_revision_config = new { }, secrets = Array.Empty<object>(), secret_references = new[] { new { name = "R", secret_name = text, secret_key = text } } }),
        ("repo_url", (text, name) => GitHub(name, text, "main")),
        ("repo_ref", (text, name) => GitHub(name, "https://example.com/a/b", text)),
        ("image_uri", (text, name) => External(name, new { }, new { image_uri = text })),
        ("custom_url", (text, name) => External(name, new { custom_url = text }, new { image_uri = "a/b:1" })),
        ("k8s_namespace", (text, name) => External(name, new { listener_config = new { k8s_namespace = text } }, new { image_uri = "a/b:1" })),
    ];

    private static readonly (string Name, Func<string, object> Body)[] s_patches =
    [
        ("name", text => new { name = text }),
        ("install_command", text => new { source_config = new { install_command = text } }),
        ("build_command", text => new { source_config = new { build_command = text } }),
        ("custom_url", text => new { source_config = new { custom_url = text } }),
        ("repo_url", text => new { source_config = new { repo_url = text } }),
        ("repo_ref", text => new { source_revision_config = new { repo_ref = text } }),
        ("image_uri", text => new { revision_source = "internal_docker", source_revision_config = new { image_uri = text } }),
        ("langgraph_config_path", text => new { source_revision_config = new { langgraph_config_path = text } }),
        ("source_tarball_path", text => new { revision_source = "internal_source", source_revision_config = new { source_tarball_path = text, langgraph_config_path = "langgraph.json" } }),
        ("secret name", text => new { secrets = new[] { new { name = text, value = "v" } } }),
        ("tracked_packages", text => new { tracked_packages = new[] { text, $"google-adk:{text}" } }),
    ];

    [Fact]
    public async Task T1_no_text_of_a_create_or_a_patch_is_obeyed()
    {
        using var canary = new Canary();
        var attack = new Attack(world.Control);
        var payloads = Payloads.For(canary.File);
        Assert.Equal(40, payloads.Distinct().Count());

        await Attack.AllAsync(s_creates.SelectMany(field => payloads.Select(text => (field, text))), async one =>
        {
            var made = await attack.SendAsync(HttpMethod.Post, "/v2/deployments", one.field.Body(one.text, ServerFixture.Name("hostile")));
            if (made is { } deployment) await attack.SendAsync(HttpMethod.Delete, $"/v2/deployments/{deployment.GetProperty("id").GetString()}");
        });
        var target = (await world.Control.CreateAsync(ServerFixture.Name("patched"))).GetProperty("id").GetString()!;
        await Attack.AllAsync(
            s_patches.SelectMany(field => payloads.Select(text => (field, text))),
            one => attack.SendAsync(HttpMethod.Patch, $"/v2/deployments/{target}", one.field.Body(one.text)));
        await attack.SendAsync(HttpMethod.Delete, $"/v2/deployments/{target}");

        await AssertUnharmedAsync(attack, canary);
    }

    [Fact]
    public async Task T1_no_text_of_a_query_a_path_or_a_log_request_is_obeyed()
    {
        using var canary = new Canary();
        var attack = new Attack(world.Control);
        var target = (await world.Control.CreateAsync(ServerFixture.Name("asked"))).GetProperty("id").GetString()!;
        var other = Guid.NewGuid();
        string[] parameters = ["name", "name_contains", "status", "image_version", "agent_id", "agent_environment", "deployment_ids", "tag_value_ids", "limit", "offset"];
        string[] logParameters = ["query", "run_id", "level", "order", "start_time", "end_time", "offset", "limit"];

        // Longer than a request line may be: those are refused before anybody reads them.
        await Attack.AllAsync(Payloads.For(canary.File).Select(text => text.Length > 1000 ? text[..1000] : text), async text =>
        {
            var escaped = Uri.EscapeDataString(text);
            foreach (var name in parameters) await attack.SendAsync(HttpMethod.Get, $"/v2/deployments?{name}={escaped}");
            foreach (var name in logParameters)
            {
                await attack.SendAsync(HttpMethod.Get, $"/v2/deployments/{target}/revisions/{other}/logs?type=deploy&{name}={escaped}");
                await attack.SendAsync(HttpMethod.Post, $"/v1/projects/{target}/deploy_logs", new Dictionary<string, object> { [name] = text });
            }

            // A dot as a path segment would be taken away by the client.
            var segment = escaped.Replace(".", "%2E", StringComparison.Ordinal);
            await attack.SendAsync(HttpMethod.Get, $"/v2/deployments/x{segment}");
            await attack.SendAsync(HttpMethod.Patch, $"/v2/deployments/x{segment}", new { });
            await attack.SendAsync(HttpMethod.Delete, $"/v2/deployments/x{segment}");
            await attack.SendAsync(HttpMethod.Delete, $"/v2/deployments?deployment_ids={escaped}");
            await attack.SendAsync(HttpMethod.Get, $"/v2/deployments/{target}/revisions/x{segment}");
            await attack.SendAsync(HttpMethod.Post, $"/v2/deployments/{target}/revisions/x{segment}/redeploy");
            await attack.SendAsync(HttpMethod.Post, $"/v2/deployments/{target}/revisions/x{segment}/interrupt");
            await attack.SendAsync(HttpMethod.Post, $"/v1/projects/x{segment}/revisions/x{segment}/build_logs", new { });
            await attack.SendAsync(HttpMethod.Put, $"/uploads/x{segment}");
            await attack.SendAsync(HttpMethod.Get, $"/lgp/x{segment}/ok");
        });

        await AssertUnharmedAsync(attack, canary);
    }

    private async Task AssertUnharmedAsync(Attack attack, Canary canary)
    {
        attack.AssertHarmless();
        canary.AssertAbsent(world.Server.DataDirectory);
        using var alive = await world.Control.Http.GetAsync(new Uri("/ok", UriKind.Relative), Repository.Cancel);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    private static object Internal(string name, object? config = null, object? revision = null, object[]? secrets = null) =>
        new { name, source = "internal_source", source_config = config ?? new { }, source_revision_config = revision ?? new { }, secrets = secrets ?? [] };

    private static object GitHub(string name, string url, string reference) => new
    {
        name,
        source = "github",
        source_config = new { integration_id = Guid.NewGuid(), repo_url = url },
        source_revision_config = new { repo_ref = reference, langgraph_config_path = "langgraph.json" },
        secrets = Array.Empty<object>(),
    };

    private static object External(string name, object config, object revision) =>
        new { name, source = "external_docker", source_config = config, source_revision_config = revision, secrets = Array.Empty<object>() };
}
