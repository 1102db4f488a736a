using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

public sealed class ProviderTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    [Fact]
    public async Task Created_provider_is_answered_listed_and_read_without_its_secret()
    {
        var api = await fixture.NewAsync();
        var slug = AuthBodies.NewSlug();

        var made = (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug))).Expect(HttpStatusCode.OK);

        var read = (await api.GetAsync($"/v2/auth/providers/{slug}")).Expect(HttpStatusCode.OK);
        var listed = (await api.GetAsync("/v2/auth/providers")).Expect(HttpStatusCode.OK);
        Assert.Equal(made.Text, read.Text);
        Assert.Contains(listed.Body.EnumerateArray(), one => one.GetRawText() == made.Text);
        Assert.DoesNotContain("s3cret", made.Text + listed.Text, StringComparison.Ordinal);
        Assert.Equal(
            "auth_url client_id code_challenge_method created_at id is_dynamic_client mcp_server_url name organization_id provider_id provider_type "
                + "token_endpoint_auth_method token_url updated_at uses_pkce",
            string.Join(' ', made.Body.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)));
        Assert.Equal(
            ("client_secret_post", "S256", "False", "False"),
            (made.Text_("token_endpoint_auth_method"), made.Text_("code_challenge_method"), made.Text_("uses_pkce"), made.Text_("is_dynamic_client")));
    }

    [Fact]
    public async Task Secret_is_sealed_on_disk_for_the_workspace_that_wrote_it()
    {
        var api = await fixture.NewAsync();
        var slug = AuthBodies.NewSlug();
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));

        var row = await fixture.Host.WithDbAsync(db => db.OAuthProviders.AsNoTracking().SingleAsync(row => row.ProviderId == slug, ControlHost.Cancel));

        Assert.Equal(api.Workspace.Value, row.SealedFor);
        Assert.DoesNotContain("s3cret", System.Text.Encoding.UTF8.GetString(row.Secrets!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_a_request_is_told_at_once_and_no_secret_is_echoed()
    {
        var api = await fixture.NewAsync();

        var refused = await api.PostAsync("/v2/auth/providers", """
            {"provider_id":"a/b","name":" ","client_secret":{"x":"s3cret"},"auth_url":"javascript:alert(1)","token_url":"http://login.corp/","uses_pkce":"maybe",
             "code_challenge_method":"plain","provider_type":"corp","token_endpoint_auth_method":"private_key_jwt"}
            """);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal(
            [
                "bool_parsing body.uses_pkce", "enum body.code_challenge_method", "enum body.provider_type", "enum body.token_endpoint_auth_method",
                "missing body.client_id", "string_type body.client_secret", "value_error body.auth_url", "value_error body.name",
                "value_error body.provider_id", "value_error body.token_url",
            ],
            refused.Faults.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("s3cret", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("provider_id", "")]
    [InlineData("provider_id", ".")]
    [InlineData("provider_id", "..")]
    [InlineData("provider_id", "mcp-discover")]
    [InlineData("provider_id", "a b")]
    [InlineData("provider_id", "a&b")]
    [InlineData("provider_id", "ä")]
    [InlineData("provider_id", "a%2fb")]
    [InlineData("provider_id", "0123456789012345678901234567890123456789012345678901234567890123x")]
    [InlineData("name", "a\\u0000b")]
    [InlineData("auth_url", "javascript:alert(1)")]
    [InlineData("auth_url", "file:///etc/passwd")]
    [InlineData("auth_url", "https://user:word@login.corp/")]
    [InlineData("auth_url", "https://login.corp/#x")]
    [InlineData("auth_url", "https://login.corp/?state=fixed")]
    [InlineData("auth_url", "https://login.corp/?a=1&redirect%5Furi=https://evil.test/")]
    [InlineData("token_url", "data:,x")]
    [InlineData("token_url", "login.corp/token")]
    public async Task Field_that_could_be_misused_is_refused(string field, string value)
    {
        var api = await fixture.NewAsync();

        var refused = await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(AuthBodies.NewSlug(), change: $$"""{"{{field}}":"{{value}}"}"""));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains(refused.Faults, fault => fault.EndsWith($"body.{field}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Taken_id_is_a_conflict_in_the_organization_and_free_in_another()
    {
        var (api, neighbour, stranger) = (await fixture.NewAsync(), await fixture.NewAsync(), await fixture.InNewOrganizationAsync());
        var slug = AuthBodies.NewSlug();
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));

        var again = await neighbour.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));
        var elsewhere = await stranger.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));

        Assert.Equal((HttpStatusCode.Conflict, $"OAuth provider ID {slug} already exists."), (again.Status, again.Detail));
        Assert.Equal(HttpStatusCode.OK, elsewhere.Status);
    }

    [Fact]
    public async Task Patch_changes_what_it_names_and_an_empty_one_nothing()
    {
        var api = await fixture.NewAsync();
        var slug = AuthBodies.NewSlug();
        var made = await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));

        var same = await api.SendAsync(HttpMethod.Patch, $"/v2/auth/providers/{slug}", "{}");
        var changed = await api.SendAsync(
            HttpMethod.Patch, $"/v2/auth/providers/{slug}", """{"name":"New","uses_pkce":true,"token_url":"https://new.corp/token","client_id":null}""");

        Assert.Equal(made.Text, same.Expect(HttpStatusCode.OK).Text);
        Assert.Equal(
            ("New", "True", "https://new.corp/token", "client"),
            (changed.Text_("name"), changed.Text_("uses_pkce"), changed.Text_("token_url"), changed.Text_("client_id")));
        var refused = await api.SendAsync(HttpMethod.Patch, $"/v2/auth/providers/{slug}", """{"auth_url":"javascript:1","token_url":"","name":""}""");
        Assert.Equal(3, refused.Expect(HttpStatusCode.UnprocessableEntity).Faults.Count());
    }

    [Fact]
    public async Task Deleted_provider_takes_its_tokens_and_connections_with_it()
    {
        var api = await fixture.NewAsync();
        var slug = AuthBodies.NewSlug();
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));
        var token = (await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug))).Text_("token_id");
        await api.PostAsync("/v2/auth/agents/a/connections", $$"""{"oauth_token_id":"{{token}}"}""");

        var deleted = await api.DeleteAsync($"/v2/auth/providers/{slug}");

        Assert.Equal(slug, deleted.Expect(HttpStatusCode.OK).Text_("provider_id"));
        Assert.NotNull(deleted.Text_("message"));
        Assert.Equal("[]", (await api.GetAsync("/v2/auth/tokens")).Text);
        Assert.Equal("""{"data":[]}""", (await api.GetAsync("/v2/auth/agents/a/connections")).Text);
    }

    [Fact]
    public async Task Unknown_and_another_organizations_provider_are_one_404()
    {
        var (api, stranger) = (await fixture.NewAsync(), await fixture.InNewOrganizationAsync());
        var slug = AuthBodies.NewSlug();
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));

        Reply[] replies =
        [
            await stranger.GetAsync($"/v2/auth/providers/{slug}"),
            await stranger.SendAsync(HttpMethod.Patch, $"/v2/auth/providers/{slug}", """{"name":"mine"}"""),
            await stranger.DeleteAsync($"/v2/auth/providers/{slug}"),
            await stranger.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug)),
            await stranger.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug)),
            await stranger.DeleteAsync($"/v2/auth/tokens?provider_id={slug}"),
            await stranger.PostAsync($"/v2/auth/agents/a/providers/{slug}/tokens", """{"access_token":"x"}"""),
        ];

        Assert.All(replies, reply => Assert.Equal((HttpStatusCode.NotFound, $"OAuth provider ID {slug} not found."), (reply.Status, reply.Detail)));
        Assert.Equal("[]", (await stranger.GetAsync("/v2/auth/providers")).Text);
        Assert.Equal("Test", (await api.GetAsync($"/v2/auth/providers/{slug}")).Text_("name"));
    }

    [Theory]
    [InlineData(Roles.Editor)]
    [InlineData(Roles.Viewer)]
    public async Task Only_admins_change_providers(string role)
    {
        var admin = await fixture.NewAsync();
        var slug = AuthBodies.NewSlug();
        await admin.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));
        var api = await admin.AsAsync(role);

        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/v2/auth/providers/{slug}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider("x"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PostAsync("/v2/auth/providers/mcp-discover", "{}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Patch, $"/v2/auth/providers/{slug}", "{}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.DeleteAsync($"/v2/auth/providers/{slug}")).Status);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    public async Task Malformed_body_is_a_fault_of_shape(string body)
    {
        var api = await fixture.NewAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/providers", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/providers/mcp-discover", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/authenticate", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/tokens/import", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/tokens/exists/batch", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/callback/x", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/agents/a/connections", body)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await api.PostAsync("/v2/auth/agents/a/providers/p/tokens", body)).Status);
    }

    [Fact]
    public async Task Answer_has_times_with_an_offset()
    {
        var api = await fixture.NewAsync();

        var made = await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(AuthBodies.NewSlug()));

        Assert.True(made.Body.GetProperty("created_at").TryGetDateTimeOffset(out _));
        Assert.Equal(JsonValueKind.String, made.Body.GetProperty("updated_at").ValueKind);
    }
}
