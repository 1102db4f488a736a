using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.OurClient;

/// <summary><c>pilothouse</c> against the real control plane, by the API that everybody has.</summary>
[Collection(SharedServer.Name)]
public sealed class CommandTests(ServerFixture world)
{
    [Fact]
    public async Task Project_is_deployed_changed_and_asked_and_its_variables_go_along()
    {
        using var project = NewProject();
        var name = ServerFixture.Name("ours");

        var first = await OurCli.RunAsync(world.Server, project.Path, "deploy", "--name", name);
        Assert.True(first.Code == 0, first.ToString());
        var (id, url) = await OnlyAsync(name);
        Assert.Equal($"{url}\n", first.Output);
        Assert.Contains("npm ci", first.Error, StringComparison.Ordinal);
        Assert.Equal("echo: one", await new Agent(url, world.Server.Key).AskAsync("one"));

        project.Replace("src/agent.ts", "echo: ${text}", "again: ${process.env.GREETING} ${text}");
        project.Write("values.env", "GREETING=\"good morning\"\n");
        var second = await OurCli.RunAsync(world.Server, project.Path, "deploy", "--name", name, "--env-file", "values.env", "--json");

        Assert.True(second.Code == 0, second.ToString());
        var result = JsonDocument.Parse(second.Output.TrimEnd().Split('\n')[^1]).RootElement;
        Assert.Equal(
            ("result", "DEPLOYED", id, url),
            (result.GetProperty("event").GetString(), result.GetProperty("status").GetString(), result.GetProperty("deployment_id").GetString(), result.GetProperty("url").GetString()));
        Assert.DoesNotContain("good morning", second.Output + second.Error, StringComparison.Ordinal);
        Assert.Equal("again: good morning two", await new Agent(url, world.Server.Key).AskAsync("two"));
    }

    [Fact]
    public async Task Deployment_is_listed_looked_into_followed_and_deleted()
    {
        using var project = NewProject();
        var name = ServerFixture.Name("look");
        Assert.Equal(0, (await OurCli.RunAsync(world.Server, project.Path, "deploy", "--name", name)).Code);
        var (id, url) = await OnlyAsync(name);

        var list = await OurCli.RunAsync(world.Server, project.Path, "list", "--name-contains", name);
        Assert.True(list.Code == 0 && list.Output.Contains(id, StringComparison.Ordinal) && list.Output.Contains(url, StringComparison.Ordinal), list.ToString());
        var revisions = await OurCli.RunAsync(world.Server, project.Path, "revisions", name, "--json");
        Assert.True(revisions.Code == 0, revisions.ToString());
        Assert.Equal("DEPLOYED", JsonDocument.Parse(Assert.Single(revisions.Output.TrimEnd().Split('\n'))).RootElement.GetProperty("status").GetString());
        var build = await OurCli.RunAsync(world.Server, project.Path, "logs", name, "--type", "build");
        Assert.True(build.Code == 0 && build.Output.Contains("npm ci", StringComparison.Ordinal), build.ToString());

        await FollowAsync(project, name, new Agent(url, world.Server.Key));

        var delete = await OurCli.RunAsync(world.Server, project.Path, "delete", name, "--yes");
        Assert.True(delete.Code == 0, delete.ToString());
        Assert.DoesNotContain(id, (await OurCli.RunAsync(world.Server, project.Path, "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_of_the_user_install_and_build()
    {
        using var project = NewProject();
        var name = ServerFixture.Name("commands");
        project.Write("word.mjs", "import { writeFileSync } from \"node:fs\";\nwriteFileSync(\"src/word.ts\", 'export const word = \"built\";\\n');\n");
        project.Replace("src/agent.ts", "echo: ${text}", "${word}: ${text}");
        project.Write("src/agent.ts", "import { word } from \"./word.ts\";\n" + File.ReadAllText(Path.Combine(project.Path, "src", "agent.ts")));

        var ended = await OurCli.RunAsync(
            world.Server, project.Path, "deploy", "--name", name, "--install-command", "npm ci --no-fund && npm ls", "--build-command", "node word.mjs");

        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Contains("$ npm ci --no-fund && npm ls\n", ended.Error, StringComparison.Ordinal);
        Assert.Equal("built: by a command", await new Agent((await OnlyAsync(name)).Url, world.Server.Key).AskAsync("by a command"));
    }

    [Fact]
    public async Task What_does_not_serve_is_refused_with_the_reason_and_wrong_names_are_misuse()
    {
        using var project = new ProjectFolder("echo-js");
        project.Replace("langgraph.json", "agent.ts:graph", "absent.ts:graph");

        var refused = await OurCli.RunAsync(world.Server, project.Path, "deploy", "--name", ServerFixture.Name("broken"));
        var unknown = await OurCli.RunAsync(world.Server, project.Path, "logs", "nobody-has-this-name");
        var foreign = await OurCli.RunAsync(world.Server, project.Path, "list", "--api-key", "lsv2_sk_not_a_key_of_this_server");

        Assert.Equal((1, 2, 1), (refused.Code, unknown.Code, foreign.Code));
        Assert.Contains("langgraph.json: graphs.agent points to ./src/absent.ts:graph, which does not exist.", refused.Error, StringComparison.Ordinal);
        Assert.Empty(refused.Output);
        Assert.Contains("Invalid API key", foreign.Error, StringComparison.Ordinal);
    }

    /// <summary>A source that no other test has built.</summary>
    private static ProjectFolder NewProject()
    {
        var project = new ProjectFolder("echo-js");
        project.Write("README.md", $"{Guid.NewGuid()}");
        return project;
    }

    private async Task FollowAsync(ProjectFolder project, string name, Agent agent)
    {
        using var follow = OurCli.Start(world.Server, project.Path, "logs", name, "-f");
        var lines = new List<string>();
        var reading = ReadAsync(follow.StandardOutput, lines);
        await Eventually.TrueAsync(() => Count(lines) > 0);
        var before = Count(lines);

        await agent.AskAsync("say something");

        await Eventually.TrueAsync(() => Count(lines) > before);
        follow.Kill();
        await reading;
    }

    private static int Count(List<string> lines)
    {
        lock (lines) return lines.Count;
    }

    private static async Task ReadAsync(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (lines) lines.Add(line);
        }
    }

    private async Task<(string Id, string Url)> OnlyAsync(string name)
    {
        var found = (await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments?name={name}")).GetProperty("resources").EnumerateArray().ToList();
        var only = Assert.Single(found);
        return (only.GetProperty("id").GetString()!, only.GetProperty("source_config").GetProperty("custom_url").GetString()!);
    }
}
