using System.Net;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

/// <summary>The way of a user through an authorization server, and what is in it for others: nothing.</summary>
public sealed class ConsentTests(AuthFixture fixture) : IClassFixture<AuthFixture>, IAsyncLifetime
{
    private OAuthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await OAuthServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("client_secret_post", "post", null)]
    [InlineData("client_secret_basic", "basic", null)]
    [InlineData("none", "none", "public")]
    public async Task User_consents_once_and_the_token_is_there(string method, string proof, string? client)
    {
        var (api, slug) = await WithProviderAsync($$"""{"token_endpoint_auth_method":"{{method}}","client_id":"{{client ?? "client"}}"}""");

        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, scopes: """["read","write"]"""));
        var waiting = api.GetAsync($"/v2/auth/wait/{pending.Text_("auth_id")}?timeout=60");
        var page = await fixture.BrowseAsync(await fixture.ConsentAsync(pending.Text_("url")!));
        var waited = await waiting;
        var again = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal(("pending", null), (pending.Text_("status"), pending.Text_("token")));
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("Connected", page.Text, StringComparison.Ordinal);
        Assert.Equal("completed", waited.Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Equal(("completed", waited.Text_("token"), null, null), (again.Text_("status"), again.Text_("token"), again.Text_("url"), again.Text_("auth_id")));
        var call = Assert.Single(_server.TokenCalls);
        Assert.Equal((proof, "authorization_code"), (call["auth"], call["grant_type"]));
        var authorization = Assert.Single(_server.Authorizations);
        Assert.Equal(
            ("code", "read write", "S256", $"{api.Host.Address}api-host/v2/auth/callback/{slug}"),
            (authorization["response_type"], authorization["scope"], authorization["code_challenge_method"], authorization["redirect_uri"]));
        var token = (await api.GetAsync($"/v2/auth/tokens?provider_id={slug}")).Body[0];
        Assert.Equal("""["read","write"]""", token.GetProperty("scopes").GetRawText());
        Assert.True(token.GetProperty("is_default").GetBoolean());
    }

    [Fact]
    public async Task Page_of_the_agents_own_posts_code_and_state_back()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, $$""","redirect_uri":"{{AuthFixture.OwnPage}}" """));
        var query = await ReturnedAsync(pending);

        var finished = await api.PostAsync($"/v2/auth/callback/{slug}", $$"""{"code":"{{query["code"]}}","state":"{{query["state"]}}"}""");

        Assert.Equal("completed", finished.Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Equal("completed", (await WaitAsync(api, pending)).Text_("status"));
        var refused = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","redirect_uri":"https://evil.test/" """));
        Assert.Equal(["value_error body.redirect_uri"], refused.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task T14_state_is_good_once_and_only_as_it_was_given()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        var back = await fixture.ConsentAsync(pending.Text_("url")!);

        var wrong = await fixture.BrowseAsync(back.Replace("state=", "state=x", StringComparison.Ordinal)[..^1], isBrowser: false);
        var absent = await fixture.BrowseAsync(back.Split("&state")[0], isBrowser: false);
        Assert.Empty(_server.TokenCalls);
        var good = await fixture.BrowseAsync(back, isBrowser: false);
        var replayed = await fixture.BrowseAsync(back, isBrowser: false);

        const string Unknown = """{"detail":"This authorization is unknown, was used already or has expired: start it again."}""";
        Assert.Equal((HttpStatusCode.BadRequest, Unknown), (wrong.Status, wrong.Text));
        Assert.Equal((HttpStatusCode.BadRequest, Unknown), (absent.Status, absent.Text));
        Assert.Equal(HttpStatusCode.OK, good.Status);
        Assert.Equal((HttpStatusCode.BadRequest, Unknown), (replayed.Status, replayed.Text));
        Assert.Single(_server.TokenCalls);
        Assert.Single(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task T14_state_used_by_many_at_once_is_claimed_by_one()
    {
        var (api, slug) = await WithProviderAsync();
        var back = await fixture.ConsentAsync((await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Text_("url")!);

        var pages = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => fixture.BrowseAsync(back)));

        Assert.Single(pages, page => page.Status == HttpStatusCode.OK);
        Assert.Single(_server.TokenCalls);
    }

    [Fact]
    public async Task T14_state_expires()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        var back = await fixture.ConsentAsync(pending.Text_("url")!);
        var lifetime = await fixture.Host.WithDbAsync(async db =>
        {
            var row = await db.AuthSessions.SingleAsync(row => row.WorkspaceId == api.Workspace.Value, ControlHost.Cancel);
            var span = row.ExpiresAt - row.CreatedAt;
            row.ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(-1);
            await db.SaveChangesAsync(ControlHost.Cancel);
            return span;
        });

        var late = await fixture.BrowseAsync(back);

        Assert.Equal(TimeSpan.FromMinutes(10), lifetime);
        Assert.Equal(HttpStatusCode.BadRequest, late.Status);
        Assert.Empty(_server.TokenCalls);
        Assert.Equal("not_found", (await WaitAsync(api, pending)).Text_("status"));
    }

    [Fact]
    public async Task Nothing_that_authorises_is_stored_as_it_is()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        var state = (await ReturnedAsync(pending))["state"];

        var row = await fixture.Host.WithDbAsync(db => db.AuthSessions.SingleAsync(row => row.WorkspaceId == api.Workspace.Value, ControlHost.Cancel));

        var stored = System.Text.Json.JsonSerializer.Serialize(row);
        Assert.DoesNotContain(state, stored, StringComparison.Ordinal);
        Assert.DoesNotContain(pending.Text_("auth_id")!, stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_caller_finishes_nothing_waits_for_nothing_and_spoils_nothing()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        var query = await ReturnedAsync(pending);
        var body = $$"""{"code":"{{query["code"]}}","state":"{{query["state"]}}"}""";

        foreach (var other in (Api[])[await api.AsAsync(Roles.Admin), await fixture.NewAsync(), await fixture.InNewOrganizationAsync()])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await other.PostAsync($"/v2/auth/callback/{slug}", body)).Status);
            Assert.Equal("""{"status":"not_found","token":null}""", (await WaitAsync(other, pending)).Text);
        }

        Assert.Empty(_server.TokenCalls);
        (await api.PostAsync($"/v2/auth/callback/{slug}", body)).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task T10_code_goes_to_no_other_provider_than_the_one_that_was_asked()
    {
        await using var evil = await OAuthServer.StartAsync();
        var (api, honest) = await WithProviderAsync();
        var malicious = AuthBodies.NewSlug();
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(malicious, evil));
        var atEvil = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(malicious));
        var atHonest = await ReturnedAsync(await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(honest)));
        var stateOfEvil = (await ReturnedAsync(atEvil))["state"];

        // The malicious provider sends the user on to the honest one, whose code comes back with the state of the consent at the malicious one.
        var mixed = await fixture.BrowseAsync($"{api.Host.Address}api-host/v2/auth/callback/{honest}?code={atHonest["code"]}&state={stateOfEvil}");

        Assert.Equal(HttpStatusCode.BadRequest, mixed.Status);
        Assert.Empty(evil.TokenCalls);
        Assert.Empty(_server.TokenCalls);
        Assert.Equal("not_found", (await WaitAsync(api, atEvil)).Text_("status"));
    }

    [Fact]
    public async Task T13_equal_ids_in_two_organizations_are_two_providers()
    {
        await using var theirs = await OAuthServer.StartAsync();
        var (api, slug) = await WithProviderAsync();
        var stranger = await fixture.InNewOrganizationAsync();
        await stranger.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, theirs));

        await fixture.ConnectAsync(stranger, AuthBodies.Ask(slug));

        Assert.Equal((0, 1), (_server.TokenCalls.Count, theirs.TokenCalls.Count));
        Assert.Equal("pending", (await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Text_("status"));
        Assert.Equal("""{"has_token":false}""", (await api.GetAsync($"/v2/auth/tokens/exists?provider_id={slug}")).Text);
        Assert.Equal("completed", (await stranger.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Text_("status"));
    }

    [Fact]
    public async Task Provider_that_changed_meanwhile_gets_no_code()
    {
        await using var other = await OAuthServer.StartAsync();
        var (api, slug) = await WithProviderAsync();
        var back = await fixture.ConsentAsync((await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Text_("url")!);
        await api.SendAsync(HttpMethod.Patch, $"/v2/auth/providers/{slug}", $$"""{"token_url":"{{other.Token}}"}""");

        Assert.Equal(HttpStatusCode.BadRequest, (await fixture.BrowseAsync(back)).Status);
        Assert.Empty(other.TokenCalls);
    }

    [Fact]
    public async Task Pkce_is_left_out_for_a_provider_with_a_secret_alone_that_cannot_bear_it()
    {
        var (api, slug) = await WithProviderAsync("""{"uses_pkce":false}""");
        var open = AuthBodies.NewSlug();
        await api.PostAsync(
            "/v2/auth/providers",
            AuthBodies.Provider(open, _server, """{"uses_pkce":false,"client_id":"public","client_secret":null,"token_endpoint_auth_method":"none"}"""));

        await fixture.ConnectAsync(api, AuthBodies.Ask(slug));
        await fixture.ConnectAsync(api, AuthBodies.Ask(open));

        Assert.Equal([false, true], _server.Authorizations.Select(query => query.ContainsKey("code_challenge")));
    }

    [Fact]
    public async Task Refused_consent_ends_the_wait_and_shows_nothing_of_the_providers_making()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        var state = (await ReturnedAsync(pending))["state"];
        var waiting = WaitAsync(api, pending, seconds: 60);

        var page = await fixture.BrowseAsync(
            $"{api.Host.Address}v2/auth/callback/{slug}?state={state}&error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)%3C/script%3E");

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.DoesNotContain("<script", page.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("not_found", (await waiting).Text_("status"));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(400)]
    public async Task Failing_token_endpoint_ends_the_consent_and_leaks_no_secret(int status)
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        _server.Failure = status;

        var page = await fixture.BrowseAsync(await fixture.ConsentAsync(pending.Text_("url")!));

        Assert.Equal(status == 500 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.BadRequest, page.Status);
        Assert.DoesNotContain("s3cret", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("script", page.Text, StringComparison.Ordinal);
        Assert.Equal("not_found", (await WaitAsync(api, pending)).Text_("status"));
        Assert.Empty(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task Silent_token_endpoint_ends_the_consent_after_the_limit()
    {
        await using var host = await ControlHost.StartAsync(
            new Dictionary<string, string?> { ["Outgoing:AllowPrivateAddresses"] = "true", ["Outgoing:Limit"] = "00:00:01" });
        var api = await Api.InNewWorkspaceAsync(host);
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider("silent", _server));
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask("silent"));
        _server.IsSilent = true;

        var page = await fixture.BrowseAsync(await fixture.ConsentAsync(pending.Text_("url")!));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.Status);
        Assert.Equal("not_found", (await WaitAsync(api, pending)).Text_("status"));
    }

    [Fact]
    public async Task Wait_ends_in_time_and_knows_what_it_was_asked_of()
    {
        var (api, slug) = await WithProviderAsync();
        var pending = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal("""{"status":"timeout","token":null}""", (await WaitAsync(api, pending, seconds: 0)).Text);
        Assert.Equal("timeout", (await WaitAsync(api, pending, seconds: 1)).Text_("status"));
        Assert.Equal("timeout", (await WaitAsync(api, pending, seconds: -5)).Text_("status"));
        Assert.Equal("not_found", (await api.GetAsync("/v2/auth/wait/none?timeout=60")).Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Equal("not_found", (await api.GetAsync($"/v2/auth/wait/{new string('x', 43)}")).Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Equal(["int_parsing query.timeout"], (await api.GetAsync("/v2/auth/wait/none?timeout=soon")).Faults);
    }

    [Fact]
    public async Task Organizations_key_waits_without_naming_the_workspace_again()
    {
        var (api, slug) = await WithProviderAsync();
        var key = await api.Host.AddKeyAsync(workspace: null);
        using var named = api.Host.Client(key);
        named.DefaultRequestHeaders.Add("X-Tenant-Id", api.Workspace.ToString());
        using var asked = await named.PostAsync(
            "/v2/auth/authenticate", new StringContent(AuthBodies.Ask(slug), System.Text.Encoding.UTF8, "application/json"), ControlHost.Cancel);
        var pending = new Reply(asked.StatusCode, await asked.Content.ReadAsStringAsync(ControlHost.Cancel), asked.Headers);
        await fixture.BrowseAsync(await fixture.ConsentAsync(pending.Text_("url")!));

        using var bare = api.Host.Client(key);
        var waited = await bare.GetStringAsync($"/v2/auth/wait/{pending.Text_("auth_id")}", ControlHost.Cancel);

        Assert.Contains("\"completed\"", waited, StringComparison.Ordinal);
        using var stranger = api.Host.Client(null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/v2/auth/wait/{pending.Text_("auth_id")}", ControlHost.Cancel)).StatusCode);
    }

    [Fact]
    public async Task Setup_of_a_github_app_needs_no_key_and_ends_a_consent_where_there_is_one()
    {
        var (api, slug) = await WithProviderAsync();
        var query = await ReturnedAsync(await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug)));
        var setup = $"{api.Host.Address}v2/auth/setup/{slug}";

        var update = await fixture.BrowseAsync($"{setup}?setup_action=update&installation_id=5");
        var install = await fixture.BrowseAsync($"{setup}?setup_action=install&installation_id=5&code={query["code"]}&state={query["state"]}");
        var bad = await fixture.BrowseAsync($"{setup}?installation_id=x");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity), (update.Status, install.Status, bad.Status));
        Assert.Single(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task Doubled_slash_and_prefix_reach_authenticate()
    {
        var (api, slug) = await WithProviderAsync();

        foreach (var path in (string[])["//v2/auth/authenticate", "/api-host//v2/auth/authenticate", "/api-host/v2/auth/authenticate"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{api.Host.Address.AbsoluteUri.TrimEnd('/')}{path}"));
            request.Content = new StringContent(AuthBodies.Ask(slug), System.Text.Encoding.UTF8, "application/json");
            using var client = api.Host.Client(await api.Host.AddKeyAsync(api.Workspace.Value));
            using var answer = await client.SendAsync(request, ControlHost.Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Slack_and_microsoft_have_their_ways()
    {
        var (api, slack) = await WithProviderAsync("""{"provider_type":"slack"}""");
        var microsoft = AuthBodies.NewSlug();
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(microsoft, _server, """{"provider_type":"microsoft"}"""));

        await fixture.ConnectAsync(api, AuthBodies.Ask(slack, scopes: """["chat:write","users:read"]"""));
        await fixture.ConnectAsync(api, AuthBodies.Ask(microsoft));

        Assert.Equal(["chat:write,users:read", "read offline_access"], _server.Authorizations.Select(query => query["scope"]));
    }

    private async Task<(Api Api, string Slug)> WithProviderAsync(string? change = null)
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, _server, change))).Expect(HttpStatusCode.OK);
        return (api, slug);
    }

    /// <summary>Code and state as the provider sent them back; nobody has taken them yet.</summary>
    private async Task<Dictionary<string, string>> ReturnedAsync(Reply pending)
    {
        var back = new Uri(await fixture.ConsentAsync(pending.Text_("url")!));
        return back.Query.TrimStart('?').Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }

    private static async Task<Reply> WaitAsync(Api api, Reply pending, int seconds = 30) =>
        (await api.GetAsync($"/v2/auth/wait/{pending.Text_("auth_id")}?timeout={seconds}")).Expect(HttpStatusCode.OK);
}
