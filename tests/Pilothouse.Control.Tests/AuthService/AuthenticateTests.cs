using System.Net;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

/// <summary>Which token is given, and how it stays fresh.</summary>
public sealed class AuthenticateTests(AuthFixture fixture) : IClassFixture<AuthFixture>, IAsyncLifetime
{
    private OAuthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await OAuthServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Expired_token_is_refreshed_and_the_new_one_kept()
    {
        var (api, slug) = await ConnectedAsync();
        await ExpireAsync(api);

        var first = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        await ExpireAsync(api);
        var second = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal(("completed", "completed"), (first.Text_("status"), second.Text_("status")));
        Assert.NotEqual(first.Text_("token"), second.Text_("token"));
        Assert.Equal(["authorization_code", "refresh_token", "refresh_token"], _server.TokenCalls.Select(call => call["grant_type"]));
        Assert.Single(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task T16_many_who_ask_at_expiry_cause_one_refresh()
    {
        var (api, slug) = await ConnectedAsync();
        await ExpireAsync(api);

        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))));

        Assert.Single(replies.Select(reply => reply.Expect(HttpStatusCode.OK).Text_("token")).Distinct(StringComparer.Ordinal));
        Assert.All(replies, reply => Assert.Equal("completed", reply.Text_("status")));
        Assert.Equal(2, _server.TokenCalls.Count);
    }

    [Fact]
    public async Task T16_claim_of_another_process_is_waited_for_and_taken_over_when_it_is_old()
    {
        var (api, slug) = await ConnectedAsync();
        await fixture.ChangeTokensAsync(api, row =>
        {
            row.ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(-1);
            row.RefreshingUntil = TimeProvider.System.GetUtcNow().AddMilliseconds(300);
        });

        var reply = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal("completed", reply.Text_("status"));
        Assert.True(TimeProvider.System.GetUtcNow() > (await fixture.TokensAsync(api)).Single().CreatedAt);
        Assert.Equal(2, _server.TokenCalls.Count);
    }

    [Fact]
    public async Task T16_refused_refresh_needs_consent_and_an_outage_does_not()
    {
        var (api, slug) = await ConnectedAsync();
        await ExpireAsync(api);
        _server.Failure = 500;

        var away = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        _server.Failure = null;
        var back = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        await ExpireAsync(api);
        await using var forgetful = await OAuthServer.StartAsync();
        await api.SendAsync(HttpMethod.Patch, $"/v2/auth/providers/{slug}", $$"""{"token_url":"{{forgetful.Token}}"}""");
        var check = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","check_only":true"""));
        var refused = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "completed"), (away.Status, back.Text_("status")));
        Assert.Equal(("token_expired", null), (check.Text_("status"), check.Text_("url")));
        Assert.Equal("pending", refused.Text_("status"));
        Assert.NotNull(refused.Text_("url"));
        Assert.True((await fixture.TokensAsync(api)).Single().NeedsConsent);
        Assert.Single(forgetful.TokenCalls);
    }

    [Fact]
    public async Task New_consent_takes_the_place_of_what_lacked_a_scope_and_keeps_the_old_scopes()
    {
        var (api, slug) = await ConnectedAsync();
        var former = (await fixture.TokensAsync(api)).Single().Id;

        await fixture.ConnectAsync(api, AuthBodies.Ask(slug, scopes: """["write"]"""));

        Assert.Equal("read write", _server.Authorizations.Last()["scope"]);
        Assert.Equal(former, (await fixture.TokensAsync(api)).Single().Id);
        var both = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, scopes: """["write","read"]"""));
        Assert.Equal("completed", both.Text_("status"));
    }

    [Fact]
    public async Task Scope_that_the_provider_spells_otherwise_is_not_asked_for_again_and_again()
    {
        _server.Granted = "https://corp.test/scopes/read";
        var (api, slug) = await ConnectedAsync();

        var again = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal("completed", again.Text_("status"));
        Assert.Contains("https://corp.test/scopes/read", (await api.GetAsync("/v2/auth/tokens")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forced_consent_makes_another_token_and_a_named_one_is_used()
    {
        var (api, slug) = await ConnectedAsync();
        var first = (await fixture.TokensAsync(api)).Single();

        await fixture.ConnectAsync(api, AuthBodies.Ask(slug, ""","force_new":true,"is_default":false"""));

        var rows = await fixture.TokensAsync(api);
        Assert.Equal(2, rows.Count);
        Assert.Equal(first.Id, rows.Single(row => row.IsDefault).Id);
        var byDefault = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        var byName = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, $$""","token_id":"{{rows.Single(row => !row.IsDefault).Id}}" """));
        Assert.NotEqual(byDefault.Text_("token"), byName.Text_("token"));
        Assert.Equal("completed", byName.Text_("status"));
    }

    [Fact]
    public async Task End_users_are_apart_from_each_other_and_from_callers()
    {
        var (api, slug) = await ConnectedAsync();
        await fixture.ConnectAsync(api, AuthBodies.Ask(slug, ""","user_id":"ann" """));

        var ann = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","user_id":"ann","agent_id":"any" """));
        var bob = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","user_id":"bob" """));
        var self = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","user_id":null"""));
        var colleague = await (await api.AsAsync(Roles.Editor)).PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","user_id":"ann" """));

        Assert.Equal(("completed", "ann", "pending"), (ann.Text_("status"), ann.Text_("user_id"), bob.Text_("status")));
        Assert.NotEqual(ann.Text_("token"), self.Text_("token"));
        Assert.Equal(ann.Text_("token"), colleague.Text_("token"));
        var owner = (await fixture.TokensAsync(api)).Select(row => row.Owner).Single(owner => owner.StartsWith("caller:", StringComparison.Ordinal));
        foreach (var spelt in (string[])[owner, owner[7..]])
        {
            var posing = await (await api.AsAsync(Roles.Editor)).PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, $$""","user_id":"{{spelt}}" """));
            Assert.Equal("pending", posing.Text_("status"));
        }
    }

    [Fact]
    public async Task Viewer_uses_its_own_tokens_and_nobody_elses()
    {
        var (admin, slug) = await ConnectedAsync();
        await fixture.ConnectAsync(admin, AuthBodies.Ask(slug, ""","user_id":"ann" """));
        var token = (await fixture.TokensAsync(admin))[0].Id;
        (await admin.PostAsync("/v2/auth/agents/shared/connections", $$"""{"oauth_token_id":"{{token}}"}""")).Expect(HttpStatusCode.Created);
        var viewer = await admin.AsAsync(Roles.Viewer);

        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","user_id":"ann" """))).Status);
        Assert.Equal("pending", (await viewer.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","agent_id":"shared" """))).Text_("status"));
        await fixture.ConnectAsync(viewer, AuthBodies.Ask(slug, ""","agent_id":"shared" """));
        Assert.Equal("completed", (await viewer.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Text_("status"));
    }

    [Fact]
    public async Task Checking_starts_nothing()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, _server));

        var none = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug, ""","check_only":true"""));

        Assert.Equal(("connection_required", null, null), (none.Text_("status"), none.Text_("url"), none.Text_("auth_id")));
    }

    [Fact]
    public async Task What_clients_send_is_taken_and_every_member_is_answered()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, _server));

        var reply = await api.PostAsync(
            "/v2/auth/authenticate",
            $$"""{"user_id":null,"agent_id":null,"ls_user_id":null,"provider":"{{slug}}","scopes":[],"use_agent_builder_public_oauth":true,"x":1}""");
        var first = reply.Text_("url");
        await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));

        Assert.Equal(
            "auth_id expires_at metadata status token url user_id",
            string.Join(' ', reply.Expect(HttpStatusCode.OK).Body.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)));
        Assert.DoesNotContain("scope=", first, StringComparison.Ordinal);
        Assert.Matches("^[A-Za-z0-9._~-]+$", reply.Text_("auth_id"));
        Assert.Equal(HttpStatusCode.OK, (await fixture.BrowseAsync(await fixture.ConsentAsync(first!))).Status);
    }

    private async Task<(Api Api, string Slug)> ConnectedAsync()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, _server))).Expect(HttpStatusCode.OK);
        await fixture.ConnectAsync(api, AuthBodies.Ask(slug));
        return (api, slug);
    }

    private Task ExpireAsync(Api api) => fixture.ChangeTokensAsync(api, row => row.ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(-1));
}
