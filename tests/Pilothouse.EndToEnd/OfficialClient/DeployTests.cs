using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.OfficialClient;

/// <summary>
/// <c>langgraph deploy</c> as its users run it, unmodified. Names begin with the line of the client's checklist (A8 in the notes on clients), or with
/// the flow (section 3.5 of the notes on the original's behaviour) that they replay.
/// </summary>
[Collection(SharedServer.Name)]
public sealed class DeployTests(ServerFixture world)
{
    private static readonly Dictionary<string, string> s_none = new(StringComparer.Ordinal);

    [Fact]
    public async Task Flow_1_deploy_remote_of_a_new_and_then_of_the_existing_deployment()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("flow");

        var first = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name);
        Assert.True(first.Code == 0, first.ToString());
        var agent = await OnlyAsync(name);
        Assert.Contains(agent.Url, first.Output, StringComparison.Ordinal);
        Assert.Equal("echo: one", await new Agent(agent.Url, world.Server.Key).AskAsync("one"));

        project.Replace("src/agent.ts", "echo: ${text}", "again: ${text}");
        var second = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name, "--verbose");
        Assert.True(second.Code == 0, second.ToString());
        Assert.Equal(agent.Id, (await OnlyAsync(name)).Id);
        Assert.Equal("again: two", await new Agent(agent.Url, world.Server.Key).AskAsync("two"));
    }

    [Fact]
    public async Task A8_01_v1_and_v2_are_under_one_base_without_redirects()
    {
        using var bare = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = world.Server.Address };
        bare.DefaultRequestHeaders.Add("X-Api-Key", world.Server.Key);
        var id = (await world.Control.CreateAsync(ServerFixture.Name("base"))).GetProperty("id").GetString();
        foreach (var prefix in (string[])["", "/api-host"])
        {
            using var listed = await bare.GetAsync($"{prefix}/v2/deployments?name_contains=&limit=100&offset=0", Repository.Cancel);
            Assert.Equal(200, (int)listed.StatusCode);
            using var logs = await bare.PostAsync(
                $"{prefix}/v1/projects/{id}/deploy_logs", new StringContent("""{"limit":100,"order":"desc"}""", null, "application/json"), Repository.Cancel);
            Assert.Equal(200, (int)logs.StatusCode);
        }
    }

    [Fact]
    public async Task A8_02_and_16_key_and_tenant_headers_are_taken_and_patch_answers_the_tenant()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("tenant");
        var tenant = (await world.Control.CreateAsync(name)).GetProperty("tenant_id").GetString()!;

        var ended = await OfficialCli.RunAsync(
            world.Server, project.Path, new Dictionary<string, string>(StringComparer.Ordinal) { ["LANGSMITH_TENANT_ID"] = tenant }, "deploy", "--remote", "--no-input", "--name", name, "--no-wait");

        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Contains($"/o/{tenant}/host/deployments/", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A8_03_the_text_of_a_refusal_reaches_the_user()
    {
        using var project = new ProjectFolder("echo-js");
        var ended = await OfficialCli.RunAsync(
            world.Server, project.Path, new Dictionary<string, string>(StringComparer.Ordinal) { ["LANGSMITH_API_KEY"] = "lsv2_sk_not_a_key_of_this_server" }, "deploy", "list");
        Assert.Equal(1, ended.Code);
        Assert.Contains("Invalid API key", ended.Output + ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A8_07_08_and_24_default_type_is_taken_and_the_url_is_in_get_and_list()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("zero");

        var ended = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name, "--no-wait");

        Assert.True(ended.Code == 0, ended.ToString());
        var listed = (await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments?name={name}")).GetProperty("resources")[0];
        Assert.Equal("dev_zero", listed.GetProperty("source_config").GetProperty("deployment_type").GetString());
        Assert.StartsWith($"{world.Server.Address}lgp/{name}-", listed.GetProperty("source_config").GetProperty("custom_url").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A8_15_patch_makes_the_revision_before_it_answers()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("first"))).GetProperty("id").GetString()!;
        for (var number = 1; number <= 3; number++)
        {
            var before = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/revisions?limit=100");
            var revision = await world.Control.DeployAsync(id, Tarball.OfFiles(new Dictionary<string, string> { ["langgraph.json"] = $"{{\"broken\": {number}}}" }));
            Assert.DoesNotContain(revision, before.ToString(), StringComparison.Ordinal);
            var after = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/revisions?limit=100");
            Assert.Equal(number, after.GetProperty("resources").GetArrayLength());
            Assert.Equal(revision, after.GetProperty("resources")[0].GetProperty("id").GetString());
        }
    }

    [Fact]
    public async Task A8_18_a_deploy_without_an_env_file_keeps_the_stored_secrets()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("kept");
        project.Write(".env", "FIRST=one\nSECOND=\"two words\"\nEMPTY=\nLANGSMITH_PROJECT=reserved\n");
        Assert.Equal(0, (await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name, "--no-wait")).Code);
        Assert.Equal(["FIRST", "SECOND"], await SecretNamesAsync(name));

        File.Delete(Path.Combine(project.Path, ".env"));
        var again = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name, "--no-wait");

        Assert.True(again.Code == 0, again.ToString());
        Assert.Equal(["FIRST", "SECOND"], await SecretNamesAsync(name));
    }

    [Fact]
    public async Task A8_19_tracked_packages_are_taken()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("adk"))).GetProperty("id").GetString();
        foreach (var package in (string[])["google-adk:>=1.0", "google-adk:unknown", "google-adk:1.2.3"])
            await world.Control.SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", new { tracked_packages = new[] { package } });
    }

    [Fact]
    public async Task A8_20_to_22_polled_routes_never_fail_and_build_logs_are_complete_when_the_build_ends()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("polled"))).GetProperty("id").GetString()!;
        var revision = await world.Control.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js")));
        string status;
        var lines = new List<string>();
        var offset = default(string);
        do
        {
            status = await world.Control.StatusAsync(id, revision);
            var page = await world.Control.SendAsync(HttpMethod.Post, $"/v1/projects/{id}/revisions/{revision}/build_logs", new { order = "asc", limit = 50, offset });
            lines.AddRange(page.GetProperty("logs").EnumerateArray().Select(line => line.GetProperty("message").GetString()!));
            if (page.GetProperty("next_offset").GetString() is { } next) offset = next;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Repository.Cancel);
        }
        while (status is "CREATING" or "QUEUED" or "AWAITING_BUILD" or "BUILDING");

        while (true)
        {
            var page = await world.Control.SendAsync(HttpMethod.Post, $"/v1/projects/{id}/revisions/{revision}/build_logs", new { order = "asc", limit = 50, offset });
            if (page.GetProperty("logs").GetArrayLength() == 0) break;
            lines.AddRange(page.GetProperty("logs").EnumerateArray().Select(line => line.GetProperty("message").GetString()!));
            offset = page.GetProperty("next_offset").GetString();
        }

        Assert.Equal((await world.Control.LogAsync(id, revision, "build")).Split('\n').Length, lines.Count);
        await world.Control.UntilAsync(id, revision);
        Assert.Equal((await world.Control.LogAsync(id, revision, "build")).Split('\n').Length, lines.Count);
    }

    [Fact]
    public async Task A8_27_the_uploaded_env_file_reaches_no_artifact_and_duplicates_are_tolerated()
    {
        using var project = new ProjectFolder("echo-js");
        // A dependency above the configuration makes the client store the files of its folder twice under one name.
        var nested = Directory.CreateDirectory(Path.Combine(project.Path, "apps", "agent")).FullName;
        foreach (var entry in (string[])["langgraph.json", "package.json", "package-lock.json", "src"])
            Directory.Move(Path.Combine(project.Path, entry), Path.Combine(nested, entry));
        File.WriteAllText(Path.Combine(nested, "langgraph.json"), """{"node_version":"20","dependencies":[".", ".."],"graphs":{"agent":"./src/agent.ts:graph"},"env":".env"}""");
        File.WriteAllText(Path.Combine(nested, ".env"), "MARKER=not-for-the-artifact-4711\n");
        var name = ServerFixture.Name("dup");

        var ended = await OfficialCli.RunAsync(world.Server, nested, "deploy", "--remote", "--no-input", "--name", name);

        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Equal("echo: hi", await new Agent((await OnlyAsync(name)).Url, world.Server.Key).AskAsync("hi"));
        var files = Directory.EnumerateFiles(Path.Combine(world.Server.DataDirectory, "artifacts"), ".env*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains("not-for-the-artifact", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flow_7_json_mode_tells_each_step_and_the_result()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("json");

        var ended = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--json", "--name", name);

        Assert.True(ended.Code == 0, ended.ToString());
        var events = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Contains(events, one => Event(one) == "upload_progress");
        Assert.Contains(events, one => Event(one) == "status_change");
        var result = events.Single(one => Event(one) == "result");
        Assert.Equal("succeeded", result.GetProperty("status").GetString());
        Assert.Equal((await OnlyAsync(name)).Url, result.GetProperty("url").GetString());
    }

    [Fact]
    public async Task Deployment_id_wins_over_the_name_and_a_failed_build_is_told()
    {
        using var project = new ProjectFolder("echo-js");
        var id = (await world.Control.CreateAsync(ServerFixture.Name("byid"))).GetProperty("id").GetString()!;
        project.Replace("langgraph.json", "agent.ts:graph", "absent.ts:graph");

        var ended = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--deployment-id", id);
        project.Replace("langgraph.json", "absent.ts:graph", "agent.ts:graph");
        var mended = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--deployment-id", id, "--name", "another-name");

        Assert.Equal(1, ended.Code);
        Assert.Contains("absent.ts", ended.Output + ended.Error, StringComparison.Ordinal);
        Assert.True(mended.Code == 0, mended.ToString());
        var revisions = (await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/revisions")).GetProperty("resources").EnumerateArray();
        Assert.Equal(["DEPLOYED", "BUILD_FAILED"], revisions.Select(revision => revision.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Flow_4_list_revisions_logs_and_delete()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("manage");
        // A source of its own, so that there is something to build and to log.
        project.Write("OWN", name);
        Assert.Equal(0, (await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name)).Code);
        var (id, url) = await OnlyAsync(name);
        Assert.Equal("echo: logged", await new Agent(url, world.Server.Key).AskAsync("logged"));

        var list = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "list", "--name-contains", name);
        Assert.True(list.Code == 0 && list.Output.Contains(id, StringComparison.Ordinal), list.ToString());
        var listJson = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "list", "--json");
        Assert.True(listJson.Code == 0 && JsonDocument.Parse(listJson.Output).RootElement.EnumerateArray().Any(one => one.GetProperty("id").GetString() == id), listJson.ToString());

        var revisions = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "revisions", "list", id);
        Assert.True(revisions.Code == 0 && revisions.Output.Contains("DEPLOYED", StringComparison.Ordinal), revisions.ToString());

        var build = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "logs", "--name", name, "--type", "build");
        Assert.True(build.Code == 0 && build.Output.Contains("npm", StringComparison.Ordinal), build.ToString());
        var deploy = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "logs", "--deployment-id", id, "--limit", "50");
        Assert.True(deploy.Code == 0 && deploy.Output.Contains('[', StringComparison.Ordinal), deploy.ToString());

        var delete = await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "delete", id, "--force");
        Assert.True(delete.Code == 0, delete.ToString());
        Assert.DoesNotContain(id, (await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A8_23_following_logs_shows_each_new_line_once()
    {
        using var project = new ProjectFolder("echo-js");
        var name = ServerFixture.Name("follow");
        Assert.Equal(0, (await OfficialCli.RunAsync(world.Server, project.Path, "deploy", "--remote", "--no-input", "--name", name)).Code);
        var agent = new Agent((await OnlyAsync(name)).Url, world.Server.Key);
        using var follow = await OfficialCli.StartAsync(world.Server, project.Path, s_none, "deploy", "logs", "--name", name, "-f");
        var lines = new List<string>();
        var reading = ReadAsync(follow.StandardOutput, lines);

        // Work leaves lines in the server's log; a following client must see those of the later requests too.
        for (var round = 0; round < 3; round++)
        {
            await agent.AskAsync($"round {round}");
            await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System, Repository.Cancel);
        }

        follow.Kill();
        await reading;
        lock (lines)
        {
            Assert.True(lines.Count > 3, string.Join('\n', lines));
            Assert.Equal(lines.Count, lines.Distinct(StringComparer.Ordinal).Count());
        }
    }

    private static async Task ReadAsync(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0) continue;
            lock (lines) lines.Add(line);
        }
    }

    private static string? Event(JsonElement one) => one.TryGetProperty("event", out var name) || one.TryGetProperty("type", out name) ? name.GetString() : null;

    private async Task<(string Id, string Url)> OnlyAsync(string name)
    {
        var found = (await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments?name={name}&name_contains={name}")).GetProperty("resources").EnumerateArray().ToList();
        var only = Assert.Single(found);
        return (only.GetProperty("id").GetString()!, only.GetProperty("source_config").GetProperty("custom_url").GetString()!);
    }

    private async Task<string[]> SecretNamesAsync(string name)
    {
        var (id, _) = await OnlyAsync(name);
        var deployment = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}");
        Assert.DoesNotContain("two words", deployment.ToString(), StringComparison.Ordinal);
        return [.. deployment.GetProperty("secrets").EnumerateArray().Select(secret => secret.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)];
    }
}
