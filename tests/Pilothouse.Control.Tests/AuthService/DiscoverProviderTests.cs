using System.Net;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

public sealed class DiscoverProviderTests(AuthFixture fixture) : IClassFixture<AuthFixture>, IAsyncLifetime
{
    private OAuthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await OAuthServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Mcp_server_becomes_a_provider_with_a_client_of_its_own_and_works()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        var mcp = new Uri(_server.Address, "/mcp").AbsoluteUri;

        var made = await api.PostAsync("/v2/auth/providers/mcp-discover", Body(slug, mcp));
        await fixture.ConnectAsync(api, AuthBodies.Ask(slug));

        Assert.Equal(
            ("dynamic", "True", mcp, "client_secret_basic", _server.Authorize, _server.Token, "True"),
            (made.Expect(HttpStatusCode.OK).Text_("client_id"), made.Text_("is_dynamic_client"), made.Text_("mcp_server_url"),
                made.Text_("token_endpoint_auth_method"), made.Text_("auth_url"), made.Text_("token_url"), made.Text_("uses_pkce")));
        var callback = $"{api.Host.Address}api-host/v2/auth/callback/{slug}";
        Assert.Equal(callback, Assert.Single(_server.Registrations)["redirect_uris"]![0]!.GetValue<string>());
        var authorization = Assert.Single(_server.Authorizations);
        Assert.Equal((mcp, callback), (authorization["resource"], authorization["redirect_uri"]));
        Assert.Equal((mcp, "basic"), (_server.TokenCalls.Single()["resource"], _server.TokenCalls.Single()["auth"]));
    }

    [Fact]
    public async Task Token_of_a_server_that_can_is_revoked_there()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        await api.PostAsync("/v2/auth/providers/mcp-discover", Body(slug, new Uri(_server.Address, "/mcp").AbsoluteUri));
        await fixture.ConnectAsync(api, AuthBodies.Ask(slug));
        var token = (await fixture.TokensAsync(api)).Single().Id;

        (await api.DeleteAsync($"/v2/auth/tokens/{token}")).Expect(HttpStatusCode.NoContent);

        Assert.StartsWith("refresh-", Assert.Single(_server.Revoked), StringComparison.Ordinal);
        Assert.Empty(await fixture.TokensAsync(api));
    }

    [Fact]
    public async Task T10_answer_of_another_issuer_is_refused()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        await api.PostAsync("/v2/auth/providers/mcp-discover", Body(slug, new Uri(_server.Address, "/mcp").AbsoluteUri));
        var back = await fixture.ConsentAsync((await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Text_("url")!);

        var page = await fixture.BrowseAsync($"{back.Split("&iss=")[0]}&iss=https%3A%2F%2Fevil.test");

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Empty(_server.TokenCalls);
    }

    [Fact]
    public async Task Server_without_metadata_and_one_that_is_not_there_read_the_same()
    {
        var api = await fixture.NewAsync();
        var port = Testing.FreePort.Take();

        var without = await api.PostAsync("/v2/auth/providers/mcp-discover", Body(AuthBodies.NewSlug(), new Uri(_server.Address, "/other").AbsoluteUri));
        var absent = await api.PostAsync("/v2/auth/providers/mcp-discover", Body(AuthBodies.NewSlug(), $"http://127.0.0.1:{port}/other"));

        Assert.Equal(HttpStatusCode.BadRequest, without.Status);
        Assert.Equal(without.Detail.Replace(_server.Address.Authority, "X", StringComparison.Ordinal), absent.Detail.Replace($"127.0.0.1:{port}", "X", StringComparison.Ordinal));
        Assert.Empty(_server.Registrations);
    }

    [Fact]
    public async Task Taken_id_registers_no_client()
    {
        var (api, slug) = (await fixture.NewAsync(), AuthBodies.NewSlug());
        await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug));

        var taken = await api.PostAsync("/v2/auth/providers/mcp-discover", Body(slug, new Uri(_server.Address, "/mcp").AbsoluteUri));

        Assert.Equal(HttpStatusCode.Conflict, taken.Status);
        Assert.Empty(_server.Registrations);
    }

    [Fact]
    public async Task T15_private_address_is_not_asked_where_they_are_not_allowed()
    {
        await using var host = await ControlHost.StartAsync();
        var api = await Api.InNewWorkspaceAsync(host);
        var named = $"https://localhost:{_server.Address.Port}/mcp";

        var plain = await api.PostAsync("/v2/auth/providers/mcp-discover", Body("a", new Uri(_server.Address, "/mcp").AbsoluteUri));
        var blocked = await api.PostAsync("/v2/auth/providers/mcp-discover", Body("b", named));
        var absent = await api.PostAsync("/v2/auth/providers/mcp-discover", Body("c", "https://absent.invalid/mcp"));

        Assert.Equal(["value_error body.mcp_server_url"], plain.Expect(HttpStatusCode.UnprocessableEntity).Faults);
        Assert.Equal(HttpStatusCode.BadRequest, blocked.Status);
        Assert.Equal(absent.Detail.Replace("https://absent.invalid/mcp", named, StringComparison.Ordinal), blocked.Detail);
    }

    private static string Body(string slug, string url) => $$"""{"provider_id":"{{slug}}","name":"MCP","mcp_server_url":"{{url}}"}""";
}
