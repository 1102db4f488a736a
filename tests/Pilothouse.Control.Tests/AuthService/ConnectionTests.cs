using System.Net;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

public sealed class ConnectionTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    [Fact]
    public async Task Connection_is_made_listed_used_and_removed()
    {
        var (api, slug) = await WithProviderAsync();
        var token = await ImportAsync(api, slug, "mine");
        await ImportAsync(api, slug, "default");

        var made = (await ConnectAsync(api, token)).Expect(HttpStatusCode.Created);

        var listed = (await api.GetAsync("/v2/auth/agents/agent/connections")).Expect(HttpStatusCode.OK).Body.GetProperty("data");
        Assert.Equal(made.Text, Assert.Single(listed.EnumerateArray()).GetRawText());
        Assert.Equal(
            "agent_id created_at created_by expires_at id oauth_token_id provider_account_label provider_id scopes",
            string.Join(' ', made.Body.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)));
        Assert.Equal(("mine", "default"), (await UseAsync(api, slug, "agent"), await UseAsync(api, slug, "other")));
        (await api.DeleteAsync($"/v2/auth/agents/agent/connections/{made.Id}")).Expect(HttpStatusCode.NoContent);
        Assert.Equal("""{"data":[]}""", (await api.GetAsync("/v2/auth/agents/agent/connections")).Text);
        Assert.Equal(2, (await fixture.TokensAsync(api)).Count);
    }

    [Fact]
    public async Task Second_connection_takes_the_place_of_the_first()
    {
        var (api, slug) = await WithProviderAsync();
        await ConnectAsync(api, await ImportAsync(api, slug, "first"));

        var second = await ConnectAsync(api, await ImportAsync(api, slug, "second"));

        var listed = (await api.GetAsync("/v2/auth/agents/agent/connections")).Body.GetProperty("data");
        Assert.Equal(second.Id, Assert.Single(listed.EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task Agents_token_replaces_its_former_one_and_leaves_those_of_users_alone()
    {
        var (api, slug) = await WithProviderAsync();
        await ConnectAsync(api, await ImportAsync(api, slug, "users"));

        var first = await UpsertAsync(api, slug, "first");
        Assert.Equal(2, (await fixture.TokensAsync(api)).Count);
        var second = await UpsertAsync(api, slug, "second");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status));
        Assert.Equal(["caller", "agent"], (await fixture.TokensAsync(api)).Select(row => row.Owner.Split(':')[0]));
        Assert.Equal("second", await UseAsync(api, slug, "agent"));
        Assert.Equal("second", await UseAsync(await api.AsAsync(Roles.Editor), slug, "agent"));
        Assert.DoesNotContain(second.Text_("oauth_token_id")!, (await api.GetAsync("/v2/auth/tokens")).Text, StringComparison.Ordinal);
        (await api.DeleteAsync($"/v2/auth/agents/agent/connections/{second.Id}")).Expect(HttpStatusCode.NoContent);
        Assert.Equal("users", await UseAsync(api, slug, "agent"));
        Assert.Single(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task Viewer_cannot_change_what_others_connected()
    {
        var (api, slug) = await WithProviderAsync();
        var made = await ConnectAsync(api, await ImportAsync(api, slug, "admins"));
        var viewer = await api.AsAsync(Roles.Viewer);

        var swapped = await ConnectAsync(viewer, await ImportAsync(viewer, slug, "viewers"));
        var removed = await viewer.DeleteAsync($"/v2/auth/agents/agent/connections/{made.Id}");
        var given = await UpsertAsync(viewer, slug, "viewers");

        Assert.All([swapped, removed, given], reply => Assert.Equal(HttpStatusCode.Forbidden, reply.Status));
        Assert.Equal("admins", await UseAsync(api, slug, "agent"));
        (await ConnectAsync(viewer, await ImportAsync(viewer, slug, "viewers"), "own")).Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Connections_of_another_workspace_are_not_there()
    {
        var (api, slug) = await WithProviderAsync();
        var made = await ConnectAsync(api, await ImportAsync(api, slug, "mine"));
        var neighbour = await fixture.NewAsync();

        Assert.Equal("""{"data":[]}""", (await neighbour.GetAsync("/v2/auth/agents/agent/connections")).Text);
        var removed = await neighbour.DeleteAsync($"/v2/auth/agents/agent/connections/{made.Id}");
        Assert.Equal((HttpStatusCode.NotFound, $"Agent connection ID {made.Id} not found."), (removed.Status, removed.Detail));
        Assert.Equal(HttpStatusCode.NotFound, (await api.DeleteAsync($"/v2/auth/agents/other/connections/{made.Id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.DeleteAsync("/v2/auth/agents/agent/connections/none")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ConnectAsync(api, "none")).Status);
        Assert.Equal("pending", (await neighbour.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","agent_id":"agent" """))).Text_("status"));
    }

    private async Task<(Api Api, string Slug)> WithProviderAsync()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug))).Expect(HttpStatusCode.OK);
        return (api, slug);
    }

    private static Task<Reply> ConnectAsync(Api api, string token, string agent = "agent") =>
        api.PostAsync($"/v2/auth/agents/{agent}/connections", $$"""{"oauth_token_id":"{{token}}"}""");

    private static Task<Reply> UpsertAsync(Api api, string slug, string token) =>
        api.PostAsync($"/v2/auth/agents/agent/providers/{slug}/tokens", $$"""{"access_token":"{{token}}","scopes":["read"]}""");

    private static async Task<string> ImportAsync(Api api, string slug, string token) =>
        (await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug, token))).Expect(HttpStatusCode.OK).Text_("token_id")!;

    private static async Task<string?> UseAsync(Api api, string slug, string agent) =>
        (await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, $$""","agent_id":"{{agent}}" """))).Expect(HttpStatusCode.OK).Text_("token");
}
