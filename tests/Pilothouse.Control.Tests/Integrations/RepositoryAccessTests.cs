using System.Net;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Integrations;

/// <summary>Deployments from repositories, as far as the store knows which a workspace may read.</summary>
public sealed class RepositoryAccessTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string NoPermission = "LangSmith Deployment does not have permission on your repo";

    [Theory]
    [InlineData("https://github.com/acme/agents")]
    [InlineData("https://github.com/Acme/Agents.git")]
    [InlineData("https://github.com/acme/agents/")]
    public async Task Repository_of_an_integration_is_deployed_with_its_first_revision_at_once(string repo)
    {
        var api = await fixture.NewAsync();
        var integration = await api.ConnectAsync("github", 1, "acme/agents");

        var made = await CreateAsync(api, integration, repo);

        Assert.Equal(integration.ToString(), made.Expect(HttpStatusCode.Created).Text_("source_config", "integration_id"));
        Assert.Equal(repo, made.Text_("source_config", "repo_url"));
        var revision = Assert.Single(await api.RevisionsAsync(made.Id));
        Assert.Equal((made.Text_("latest_revision_id"), "github"), (revision.GetProperty("id").GetString(), revision.GetProperty("source").GetString()));
        Assert.Equal("main", revision.GetProperty("source_revision_config").GetProperty("repo_ref").GetString());
        var row = await api.RevisionRowAsync(made.Text_("latest_revision_id")!);
        Assert.Equal(("dev", "npm ci"), (row.DeploymentType, row.InstallCommand));
    }

    [Fact]
    public async Task Repository_that_the_integration_does_not_list_is_refused_in_the_words_that_clients_know()
    {
        var api = await fixture.NewAsync();
        var integration = await api.ConnectAsync("github", 1, "acme/agents");
        await api.ConnectAsync("github", 2, "acme/other");

        var refused = await CreateAsync(api, integration, "https://github.com/acme/other");

        Assert.Equal((HttpStatusCode.BadRequest, NoPermission), (refused.Status, refused.Detail));
    }

    [Fact]
    public async Task Foreign_integration_and_one_of_the_other_app_are_unknown()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        Guid[] ids = [await theirs.ConnectAsync("github", 1, "acme/agents"), await mine.ConnectAsync("forge-github", 1, "acme/agents"), Guid.NewGuid()];

        foreach (var id in ids)
        {
            var refused = await CreateAsync(mine, id, "https://github.com/acme/agents");
            Assert.Equal((HttpStatusCode.BadRequest, $"Integration ID {id} not found.; {NoPermission}"), (refused.Status, refused.Detail));
        }
    }

    [Fact]
    public async Task Repository_moves_to_one_that_the_same_integration_lists_without_a_revision()
    {
        var api = await fixture.NewAsync();
        var integration = await api.ConnectAsync("github", 1, "acme/agents", "acme/renamed");
        await api.ConnectAsync("github", 2, "acme/elsewhere");
        var made = (await CreateAsync(api, integration, "https://github.com/acme/agents")).Expect(HttpStatusCode.Created);
        Task<Reply> Move(string to) => api.PatchAsync(made.Id, $$$"""{"source_config":{"repo_url":"https://github.com/{{{to}}}"}}""");

        var refused = await Move("acme/elsewhere");
        var moved = await Move("acme/renamed");
        var same = await Move("acme/renamed");

        Assert.Equal((HttpStatusCode.BadRequest, NoPermission), (refused.Status, refused.Detail));
        Assert.Equal("https://github.com/acme/renamed", moved.Expect(HttpStatusCode.OK).Text_("source_config", "repo_url"));
        Assert.Equal(moved.Text, same.Expect(HttpStatusCode.OK).Text);
        Assert.Single(await api.RevisionsAsync(made.Id));
    }

    [Fact]
    public async Task Integration_of_a_deployment_cannot_change()
    {
        var (api, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var integration = await api.ConnectAsync("github", 1, "acme/agents");
        var foreign = await theirs.ConnectAsync("github", 1, "acme/agents");
        var made = (await CreateAsync(api, integration, "https://github.com/acme/agents")).Expect(HttpStatusCode.Created);
        var replies = new List<Reply>();
        foreach (var id in new[] { foreign, Guid.NewGuid() })
            replies.Add(await api.PatchAsync(made.Id, $$$"""{"source_config":{"integration_id":"{{{id}}}"}}"""));

        Assert.All(replies, reply => Assert.Equal((HttpStatusCode.BadRequest, "integration_id cannot be changed"), (reply.Status, reply.Detail)));
    }

    private static Task<Reply> CreateAsync(Api api, Guid integration, string repo) => api.PostAsync("/v2/deployments", $$$"""
        {"name":"app","source":"github","secrets":[],
         "source_config":{"integration_id":"{{{integration}}}","repo_url":"{{{repo}}}","deployment_type":"dev","build_on_push":true,"install_command":"npm ci","custom_url":null,"resource_spec":null},
         "source_revision_config":{"repo_ref":"main","langgraph_config_path":"langgraph.json","image_uri":null}}
        """);
}
