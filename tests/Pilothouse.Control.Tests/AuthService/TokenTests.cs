using System.Net;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

public sealed class TokenTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    [Fact]
    public async Task Imported_token_is_the_callers_listed_without_its_value_and_used()
    {
        var (api, slug) = await WithProviderAsync();

        var imported = await api.PostAsync(
            "/v2/auth/tokens/import", AuthBodies.Import(slug, more: ""","provider_account_label":"me","expires_in_seconds":3600,"metadata":{"team":"T1"}"""));

        var listed = (await api.GetAsync($"/v2/auth/tokens?provider_id={slug}")).Expect(HttpStatusCode.OK);
        var used = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        Assert.Equal(imported.Expect(HttpStatusCode.OK).Text_("token_id"), listed.Body[0].GetProperty("id").GetString());
        Assert.Equal(
            "created_at expires_at id is_default provider_account_label provider_id scopes updated_at",
            string.Join(' ', listed.Body[0].EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)));
        Assert.DoesNotContain("imported", listed.Text, StringComparison.Ordinal);
        Assert.Equal(("completed", "imported", "T1"), (used.Text_("status"), used.Text_("token"), used.Text_("metadata", "team")));
    }

    [Fact]
    public async Task Value_is_sealed_on_disk_and_opens_in_no_other_row()
    {
        var (api, slug) = await WithProviderAsync();
        await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug, "first"));
        await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug, "second"));
        var rows = await fixture.TokensAsync(api);

        await fixture.ChangeTokensAsync(api, row => row.Secrets = rows.Single(other => other.Id != row.Id).Secrets);

        Assert.All(rows, row => Assert.DoesNotContain("first", System.Text.Encoding.UTF8.GetString(row.Secrets), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.InternalServerError, (await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Status);
    }

    [Fact]
    public async Task Exactly_one_token_is_the_default_whatever_happens()
    {
        var (api, slug) = await WithProviderAsync();

        var first = await ImportAsync(api, slug, ""","is_default":false""");
        Assert.Equal([first], await DefaultsAsync(api));
        var second = await ImportAsync(api, slug);
        Assert.Equal([second], await DefaultsAsync(api));
        var third = await ImportAsync(api, slug, ""","is_default":false""");
        Assert.Equal([second], await DefaultsAsync(api));
        await PatchAsync(api, first, """{"is_default":true}""");
        Assert.Equal([first], await DefaultsAsync(api));
        await PatchAsync(api, first, """{"is_default":false}""");
        Assert.Equal([third], await DefaultsAsync(api));
        (await api.DeleteAsync($"/v2/auth/tokens/{third}")).Expect(HttpStatusCode.NoContent);
        Assert.Equal([second], await DefaultsAsync(api));
        (await api.DeleteAsync($"/v2/auth/tokens/{second}")).Expect(HttpStatusCode.NoContent);
        await PatchAsync(api, first, """{"is_default":false}""");
        Assert.Equal([first], await DefaultsAsync(api));
    }

    [Fact]
    public async Task Many_imports_at_once_leave_one_default()
    {
        var (api, slug) = await WithProviderAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug))));

        Assert.All(replies, reply => reply.Expect(HttpStatusCode.OK));
        Assert.Single(await DefaultsAsync(api));
    }

    [Fact]
    public async Task Label_is_changed_and_kept_by_an_empty_patch()
    {
        var (api, slug) = await WithProviderAsync();
        var token = await ImportAsync(api, slug);

        var named = await PatchAsync(api, token, """{"provider_account_label":"work"}""");
        var kept = await PatchAsync(api, token, """{"provider_account_label":null}""");

        Assert.Equal(("work", "work"), (named.Text_("provider_account_label"), kept.Text_("provider_account_label")));
    }

    [Fact]
    public async Task Whoever_is_not_the_owner_finds_no_token()
    {
        var (api, slug) = await WithProviderAsync();
        var token = await ImportAsync(api, slug);
        Api[] others = [await api.AsAsync(Roles.Admin), await fixture.NewAsync(), await fixture.InNewOrganizationAsync()];

        foreach (var other in others)
        {
            Assert.Equal("[]", (await other.GetAsync("/v2/auth/tokens")).Text);
            Assert.Equal(HttpStatusCode.NotFound, (await other.DeleteAsync($"/v2/auth/tokens/{token}")).Status);
            var patched = await other.SendAsync(HttpMethod.Patch, $"/v2/auth/tokens/{token}/metadata", """{"is_default":true}""");
            Assert.Equal((HttpStatusCode.NotFound, $"OAuth token ID {token} not found."), (patched.Status, patched.Detail));
            var connected = await other.PostAsync("/v2/auth/agents/a/connections", $$"""{"oauth_token_id":"{{token}}"}""");
            Assert.Equal(HttpStatusCode.NotFound, connected.Status);
            var used = await other.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, $$""","token_id":"{{token}}" """));
            Assert.Equal(HttpStatusCode.NotFound, used.Status);
            Assert.Equal("""{"has_token":false}""", (await other.GetAsync($"/v2/auth/tokens/exists?provider_id={slug}")).Text);
        }

        Assert.Single(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task Existence_is_told_one_by_one_and_in_a_batch()
    {
        var (api, slug) = await WithProviderAsync();
        await ImportAsync(api, slug);

        Assert.Equal("""{"has_token":true}""", (await api.GetAsync($"/v2/auth/tokens/exists?provider_id={slug}")).Text);
        Assert.Equal("""{"has_token":false}""", (await api.GetAsync("/v2/auth/tokens/exists?provider_id=none")).Text);
        Assert.Equal(["missing query.provider_id"], (await api.GetAsync("/v2/auth/tokens/exists")).Faults);
        Assert.Equal(["missing query.provider_id"], (await api.DeleteAsync("/v2/auth/tokens")).Faults);
        var batch = await api.PostAsync("/v2/auth/tokens/exists/batch", $$"""{"provider_ids":["{{slug}}","none","none"]}""");
        Assert.Equal($$$"""{"has_token":{"{{{slug}}}":true,"none":false}}""", batch.Expect(HttpStatusCode.OK).Text);
    }

    [Fact]
    public async Task Deleting_for_a_provider_takes_ones_own_and_nobody_elses()
    {
        var (api, slug) = await WithProviderAsync();
        var other = await api.AsAsync(Roles.Viewer);
        await ImportAsync(api, slug);
        await ImportAsync(api, slug);
        var kept = await ImportAsync(other, slug);

        var deleted = await api.DeleteAsync($"/v2/auth/tokens?provider_id={slug}");

        Assert.Equal(slug, deleted.Expect(HttpStatusCode.OK).Text_("provider_id"));
        Assert.NotNull(deleted.Text_("message"));
        Assert.Equal(kept, (await fixture.TokensAsync(api)).Single().Id.ToString());
    }

    [Fact]
    public async Task Slack_of_the_whole_workspace_is_for_those_who_manage_tokens()
    {
        await using var server = await OAuthServer.StartAsync();
        var api = await fixture.NewAsync();
        var (slug, stays) = (AuthBodies.NewSlug(), AuthBodies.NewSlug());
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, server, """{"provider_type":"slack"}"""));
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(stays, server));
        var (editor, elsewhere) = (await api.AsAsync(Roles.Editor), await fixture.NewAsync());
        Assert.Equal("""{"has_token":false}""", (await api.GetAsync("/v2/auth/tokens/workspace/slack/exists")).Text);
        foreach (var caller in (Api[])[api, editor, elsewhere]) await ImportAsync(caller, slug);
        await ImportAsync(editor, stays);

        Assert.Equal("""{"has_token":true}""", (await editor.GetAsync("/v2/auth/tokens/workspace/slack/exists")).Text);
        Assert.Equal(HttpStatusCode.Forbidden, (await editor.DeleteAsync("/v2/auth/tokens/workspace/slack")).Status);
        (await api.DeleteAsync("/v2/auth/tokens/workspace/slack")).Expect(HttpStatusCode.OK);

        Assert.Equal("""{"has_token":false}""", (await api.GetAsync("/v2/auth/tokens/workspace/slack/exists")).Text);
        Assert.Equal(["Bearer imported", "Bearer imported"], server.Revoked);
        Assert.Single(await fixture.TokensAsync(api));
        Assert.Single(await fixture.TokensAsync(elsewhere));
    }

    [Theory]
    [InlineData("""{"access_token":"x"}""", "missing body.provider_id")]
    [InlineData("""{"provider_id":"p"}""", "missing body.access_token")]
    [InlineData("""{"provider_id":"p","access_token":5}""", "string_type body.access_token")]
    [InlineData("""{"provider_id":"p","access_token":"x","expires_in_seconds":-1}""", "greater_than_equal body.expires_in_seconds")]
    [InlineData("""{"provider_id":"p","access_token":"x","scopes":["a b"]}""", "value_error body.scopes")]
    [InlineData("""{"provider_id":"p","access_token":"x","scopes":"read"}""", "list_type body.scopes")]
    [InlineData("""{"provider_id":"p","access_token":"x","metadata":[]}""", "dict_type body.metadata")]
    [InlineData("""{"provider_id":"p","access_token":"a\nb"}""", "value_error body.access_token")]
    [InlineData("""{"provider_id":"p","access_token":""}""", "value_error body.access_token")]
    public async Task Import_is_checked(string body, string fault)
    {
        var api = await fixture.NewAsync();

        Assert.Equal([fault], (await api.PostAsync("/v2/auth/tokens/import", body)).Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    private async Task<(Api Api, string Slug)> WithProviderAsync()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug))).Expect(HttpStatusCode.OK);
        return (api, slug);
    }

    private static async Task<string> ImportAsync(Api api, string slug, string more = "") =>
        (await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug, more: more))).Expect(HttpStatusCode.OK).Text_("token_id")!;

    private static async Task<Reply> PatchAsync(Api api, string token, string body) =>
        (await api.SendAsync(HttpMethod.Patch, $"/v2/auth/tokens/{token}/metadata", body)).Expect(HttpStatusCode.OK);

    private async Task<IEnumerable<string>> DefaultsAsync(Api api) =>
        (await fixture.TokensAsync(api)).Where(row => row.IsDefault).Select((OAuthTokenRow row) => row.Id.ToString());
}
