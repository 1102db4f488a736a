using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Integrations;

/// <summary>What a workspace is connected to: v1 as arrays, v2 in pages.</summary>
public sealed class IntegrationListTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string[] s_many = [.. Enumerable.Range(1, 205).Select(at => $"acme/repo-{at}")];

    [Fact]
    public async Task Lists_of_a_workspace_that_is_connected_to_nothing_are_empty()
    {
        var api = await fixture.NewAsync();

        foreach (var path in new[] { "/v1/integrations/github/install", "/v1/integrations/forge/github/install" })
            Assert.Equal((HttpStatusCode.OK, "[]"), await AnswerAsync(api, path));
        foreach (var path in new[] { "/v2/integrations/github/installations", "/v2/integrations/forge-github/installations" })
            Assert.Equal((HttpStatusCode.OK, """{"items":[],"next_cursor":null}"""), await AnswerAsync(api, path));
    }

    [Theory]
    [InlineData("github", "github", "forge/github", "forge-github")]
    [InlineData("forge/github", "forge-github", "github", "github")]
    public async Task Each_app_lists_its_own_installations_and_repositories(string v1, string v2, string otherV1, string otherV2)
    {
        var api = await fixture.NewAsync();
        var id = await api.ConnectAsync(v2, 42, "acme/agents", "acme/tools");

        var listed = await api.GetAsync($"/v1/integrations/{v1}/install");
        var repositories = await api.GetAsync($"/v1/integrations/{v1}/{id}/repos");
        var page = await api.GetAsync($"/v2/integrations/{v2}/installations/{id}/repositories");

        Assert.Equal($$"""[{"id":"{{id}}","installation_id":42,"name":"account-42"}]""", listed.Expect(HttpStatusCode.OK).Text);
        Assert.Equal(
            $$"""{"host_integration_id":"{{id}}","id":1,"name":"agents","owner":"acme","url":"https://github.com/acme/agents","default_branch":"main"}""",
            repositories.Expect(HttpStatusCode.OK).Body[0].GetRawText());
        Assert.Equal($$"""{"items":{{repositories.Text}},"next_cursor":null}""", page.Expect(HttpStatusCode.OK).Text);
        Assert.Equal("[]", (await api.GetAsync($"/v1/integrations/{otherV1}/install")).Text);
        foreach (var path in new[] { $"/v1/integrations/{otherV1}/{id}/repos", $"/v2/integrations/{otherV2}/installations/{id}/repositories" })
            Assert.Equal((HttpStatusCode.NotFound, $$"""{"detail":"Integration ID {{id}} not found."}"""), await AnswerAsync(api, path));
    }

    [Fact]
    public async Task Installations_of_the_second_app_say_what_it_may_see_and_where_that_is_changed()
    {
        var api = await fixture.NewAsync();
        var (first, second) = (await api.ConnectAsync("github", 7), await api.ConnectAsync("forge-github", 8));

        Assert.Equal(
            $$"""{"items":[{"id":"{{first}}","installation_id":7,"name":"account-7"}],"next_cursor":null}""",
            (await api.GetAsync("/v2/integrations/github/installations")).Text);
        Assert.Equal(
            $$"""{"items":[{"id":"{{second}}","installation_id":8,"name":"account-8","repository_selection":"selected","settings_url":"https://github.com/settings/installations/8"}],"next_cursor":null}""",
            (await api.GetAsync("/v2/integrations/forge-github/installations")).Text);
    }

    [Fact]
    public async Task Cursors_lead_through_everything_once()
    {
        var api = await fixture.NewAsync();
        var id = await api.ConnectAsync("github", 1, s_many);
        for (var installation = 2; installation <= 5; installation++) await api.ConnectAsync("github", installation);

        var repositories = await WalkAsync(api, $"/v2/integrations/github/installations/{id}/repositories?page_size=100");
        var byDefault = await WalkAsync(api, $"/v2/integrations/github/installations/{id}/repositories?x=");
        var installations = await WalkAsync(api, "/v2/integrations/github/installations?page_size=2");

        Assert.Equal([100, 100, 5], repositories.Select(page => page.Count));
        Assert.Equal(s_many.Length, repositories.SelectMany(page => page).Distinct().Count());
        Assert.Equal(11, byDefault.Count);
        Assert.Equal([2, 2, 1], installations.Select(page => page.Count));
        Assert.Equal(["1", "2", "3", "4", "5"], installations.SelectMany(page => page));
        Assert.Equal(s_many.Length, (await api.GetAsync($"/v1/integrations/github/{id}/repos")).Body.GetArrayLength());
    }

    [Theory]
    [InlineData("page_size=0&cursor=x", "greater_than_equal query.page_size", "value_error query.cursor")]
    [InlineData("page_size=101", "less_than_equal query.page_size")]
    [InlineData("page_size=x", "int_parsing query.page_size")]
    [InlineData("cursor=Z2l0aHViOng", "value_error query.cursor")]
    [InlineData("cursor=Z2l0aHViOi0x", "value_error query.cursor")]
    [InlineData("cursor=%FF%FE", "value_error query.cursor")]
    [InlineData("cursor=Z2l0aHViOjE%3D%3D", "value_error query.cursor")]
    [InlineData("cursor=Zm9yZ2UtZ2l0aHViOjE", "value_error query.cursor")]
    public async Task Faults_of_a_page_are_told_at_once(string query, params string[] faults)
    {
        var api = await fixture.NewAsync();

        var refused = await api.GetAsync($"/v2/integrations/github/installations?{query}");

        Assert.Equal(faults.Order(StringComparer.Ordinal), refused.Expect(HttpStatusCode.UnprocessableEntity).Faults.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Cursor_of_one_list_is_none_of_another()
    {
        var api = await fixture.NewAsync();
        var (one, two) = (await api.ConnectAsync("github", 1, s_many[..2]), await api.ConnectAsync("github", 2, s_many[..2]));
        var cursor = (await api.GetAsync($"/v2/integrations/github/installations/{one}/repositories?page_size=1")).Text_("next_cursor");

        (await api.GetAsync($"/v2/integrations/github/installations/{one}/repositories?cursor={cursor}")).Expect(HttpStatusCode.OK);
        (await api.GetAsync($"/v2/integrations/github/installations/{two}/repositories?cursor={cursor}")).Expect(HttpStatusCode.UnprocessableEntity);
        (await api.GetAsync($"/v2/integrations/github/installations?cursor={cursor}")).Expect(HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData("/v1/integrations/github/{i}/repos")]
    [InlineData("/v1/integrations/forge/github/{i}/repos")]
    [InlineData("/v2/integrations/github/installations/{i}/repositories")]
    [InlineData("/v2/integrations/forge-github/installations/{i}/repositories")]
    public async Task Foreign_integration_is_answered_as_one_that_never_was(string path)
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var kind = path.Contains("forge", StringComparison.Ordinal) ? "forge-github" : "github";
        var their = (await theirs.ConnectAsync(kind, 1, "acme/secret")).ToString();
        var nobody = Guid.NewGuid().ToString();

        var foreign = await mine.GetAsync(path.Replace("{i}", their, StringComparison.Ordinal));
        var unknown = await mine.GetAsync(path.Replace("{i}", nobody, StringComparison.Ordinal));
        var malformed = await mine.GetAsync(path.Replace("{i}", "42", StringComparison.Ordinal));

        Assert.Equal((HttpStatusCode.NotFound, $"Integration ID {their} not found."), (foreign.Status, foreign.Detail));
        Assert.Equal(unknown.Text.Replace(nobody, "", StringComparison.Ordinal), foreign.Text.Replace(their, "", StringComparison.Ordinal));
        Assert.Equal(["uuid_parsing path.integration_id"], malformed.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Lists_hold_ones_own_only_and_cursors_reach_no_further()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var my = await mine.ConnectAsync("github", 1, s_many[..2]);
        var their = await theirs.ConnectAsync("github", 9, "acme/secret");
        await theirs.ConnectAsync("forge-github", 9, "acme/secret");
        var forged = Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{their:N}:0"));

        foreach (var path in new[] { "/v1/integrations/github/install", "/v1/integrations/forge/github/install", "/v2/integrations/github/installations", "/v2/integrations/forge-github/installations", $"/v1/integrations/github/{my}/repos" })
            Assert.DoesNotContain("9", (await mine.GetAsync(path)).Expect(HttpStatusCode.OK).Text.Replace(my.ToString(), "", StringComparison.Ordinal), StringComparison.Ordinal);
        (await mine.GetAsync($"/v2/integrations/github/installations/{their}/repositories?cursor={forged}")).Expect(HttpStatusCode.NotFound);
        (await mine.GetAsync($"/v2/integrations/github/installations/{my}/repositories?cursor={forged}")).Expect(HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData("/v1/integrations/github/install")]
    [InlineData("/v1/integrations/forge/github/install")]
    [InlineData("/v1/integrations/github/{i}/repos")]
    [InlineData("/v1/integrations/forge/github/{i}/repos")]
    [InlineData("/v2/integrations/github/installations")]
    [InlineData("/v2/integrations/forge-github/installations")]
    [InlineData("/v2/integrations/github/installations/{i}/repositories")]
    [InlineData("/v2/integrations/forge-github/installations/{i}/repositories")]
    public async Task Every_role_reads_and_nobody_without_a_key(string path)
    {
        var admin = await fixture.NewAsync();
        var id = await admin.ConnectAsync(path.Contains("forge", StringComparison.Ordinal) ? "forge-github" : "github", 1);
        var real = path.Replace("{i}", id.ToString(), StringComparison.Ordinal);

        foreach (var role in new[] { Roles.Viewer, Roles.Editor, Roles.Admin }) (await (await admin.AsAsync(role)).GetAsync(real)).Expect(HttpStatusCode.OK);
        (await (await admin.AsAsync("stranger")).GetAsync(real)).Expect(HttpStatusCode.Forbidden);
        using var nobody = admin.Host.Client(key: null);
        using var refused = await nobody.GetAsync(real, ControlHost.Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static async Task<(HttpStatusCode Status, string Text)> AnswerAsync(Api api, string path)
    {
        var reply = await api.GetAsync(path);
        return (reply.Status, reply.Text);
    }

    private static async Task<List<List<string>>> WalkAsync(Api api, string path)
    {
        var pages = new List<List<string>>();
        string? cursor = null;
        do
        {
            var page = (await api.GetAsync(cursor is null ? path : $"{path}&cursor={cursor}")).Expect(HttpStatusCode.OK);
            pages.Add([.. page.Body.GetProperty("items").EnumerateArray().Select(Number)]);
            cursor = page.Text_("next_cursor");
        }
        while (cursor is not null && pages.Count < 50);
        return pages;
    }

    private static string Number(JsonElement item) => (item.TryGetProperty("installation_id", out var number) ? number : item.GetProperty("id")).ToString();
}
