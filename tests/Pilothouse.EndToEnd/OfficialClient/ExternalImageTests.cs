using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.OfficialClient;

/// <summary><c>langgraph deploy</c> of images from the user's own registry, and for agents instead of names, as far as nothing has to run.</summary>
[Collection(SharedServer.Name)]
public sealed class ExternalImageTests(ServerFixture world)
{
    private const string Image = $"registry.corp:5000/team/agent@{DockerStandIn.Digest}";
    private static readonly Dictionary<string, string> s_none = new(StringComparer.Ordinal);

    [Fact]
    public async Task A8_10_and_17_published_image_makes_a_deployment_and_then_a_revision_of_it()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("image");
        var newer = Image.Replace("4f53", "5f53", StringComparison.Ordinal);

        var first = await DeployAsync(project, s_none, "--name", name, "--image-uri", Image, "--image-pull-secret", "pull");
        var (id, made) = await OnlyAsync(name);
        var second = await DeployAsync(project, s_none, "--name", name, "--image-uri", newer);

        Assert.True(first.Code == 0, first.ToString());
        Assert.True(second.Code == 0, second.ToString());
        Assert.Equal("external_docker", made.GetProperty("source").GetString());
        Assert.Equal("pull", made.GetProperty("source_config").GetProperty("resource_spec").GetProperty("image_pull_secrets")[0].GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, made.GetProperty("source_config").GetProperty("listener_id").ValueKind);
        Assert.Equal(id, (await OnlyAsync(name)).Id);
        Assert.Equal([newer, Image], await ImagesAsync(id));
    }

    [Fact]
    public async Task A8_13_image_pushed_to_the_users_registry_is_kept_by_the_digest_that_the_registry_gave()
    {
        using var project = new ProjectFolder("echo-js");
        using var docker = new DockerStandIn("registry.corp:5000/team/agent");
        var name = ServerFixture.Name("push");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = docker.SearchPath };

        var first = await DeployAsync(project, environment, "--name", name, "--push-to", "registry.corp:5000/team/agent:1", "--image", "mine:latest");
        var second = await DeployAsync(project, environment, "--name", name, "--push-to", "registry.corp:5000/team/agent:2", "--image", "mine:latest");

        Assert.True(first.Code == 0, first.ToString());
        Assert.True(second.Code == 0, second.ToString());
        Assert.Contains("push registry.corp:5000/team/agent:1", docker.Calls);
        Assert.DoesNotContain(docker.Calls, call => call.Contains("login", StringComparison.Ordinal));
        Assert.Equal([Image, Image], await ImagesAsync((await OnlyAsync(name)).Id));
    }

    [Fact]
    public async Task A8_12_image_without_a_registry_of_ones_own_is_refused_in_words_that_reach_the_user()
    {
        using var project = new ProjectFolder("echo-js");
        using var docker = new DockerStandIn("unused");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = docker.SearchPath };

        var ended = await DeployAsync(project, environment, "--name", ServerFixture.Name("local"), "--image", "mine:latest");

        Assert.Equal(1, ended.Code);
        Assert.Contains("no image registry", ended.Output + ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(docker.Calls, call => call.StartsWith("push", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A8_06_and_09_agent_has_one_deployment_in_an_environment_and_is_found_by_it()
    {
        using var project = new ProjectFolder("echo-js");
        var agent = ServerFixture.Name("agent");
        string[] staging = ["--agent-id", agent, "--agent-environment", "staging"];

        var first = await DeployAsync(project, s_none, [.. staging, "--image-uri", Image]);
        var second = await DeployAsync(project, s_none, [.. staging, "--image-uri", Image.Replace("4f53", "6f53", StringComparison.Ordinal)]);
        var listed = await OfficialCli.RunAsync(world.Server, project.Path, ["deploy", "list", "--json", .. staging]);
        var elsewhere = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "list", "--json", "--agent-id", agent, "--agent-environment", "production");

        Assert.True(first.Code == 0, first.ToString());
        Assert.True(second.Code == 0, second.ToString());
        var only = Assert.Single(JsonDocument.Parse(listed.Output).RootElement.EnumerateArray().ToList());
        Assert.Equal($"{agent}-staging", only.GetProperty("name").GetString());
        Assert.Equal(2, (await ImagesAsync(only.GetProperty("id").GetString()!)).Count);
        Assert.Empty(JsonDocument.Parse(elsewhere.Output).RootElement.EnumerateArray());
    }

    private Task<Ended> DeployAsync(ProjectFolder project, Dictionary<string, string> environment, params string[] arguments) =>
        OfficialCli.RunAsync(world.Server, project.Path, environment, ["deploy", "--no-input", "--no-wait", .. arguments]);

    private async Task<(string Id, JsonElement Deployment)> OnlyAsync(string name)
    {
        var found = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments?name={name}");
        var only = Assert.Single(found.GetProperty("resources").EnumerateArray().ToList());
        return (only.GetProperty("id").GetString()!, only);
    }

    /// <summary>Of its revisions, newest first.</summary>
    private async Task<IReadOnlyList<string?>> ImagesAsync(string id)
    {
        var revisions = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/revisions?limit=100");
        return [.. revisions.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("source_revision_config").GetProperty("image_uri").GetString())];
    }
}
