using System.Net;
using System.Web;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Access;
using Pilothouse.Control.Integrations;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Integrations;

/// <summary>A control plane with both GitHub Apps.</summary>
public sealed class ConnectedFixture : IAsyncLifetime
{
    internal ControlHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await ControlHost.StartAsync(new Dictionary<string, string?>
    {
        ["Integrations:GitHub:AppSlug"] = "pilot-deploy",
        ["Integrations:GitHub:ClientId"] = "Iv1.deploy",
        ["Integrations:ForgeGitHub:AppSlug"] = "pilot-forge",
        ["Integrations:ForgeGitHub:ClientId"] = "Iv1.forge",
        ["Integrations:ForgeGitHub:WebUrl"] = "https://github.corp/",
    });

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal Task<Api> NewAsync(string role = Roles.Admin) => Api.InNewWorkspaceAsync(Host, role);
}

/// <summary>Links to GitHub, and the choice that follows.</summary>
public sealed class ConnectTests(ConnectedFixture fixture) : IClassFixture<ConnectedFixture>
{
    private const string Sessions = "/v2/integrations/forge-github/picker-sessions";

    [Fact]
    public async Task Without_an_app_the_link_says_what_is_to_be_configured()
    {
        await using var host = await ControlHost.StartAsync();
        var api = await Api.InNewWorkspaceAsync(host);

        var first = await api.PostAsync("/v2/integrations/github/installation-link");
        var second = await api.PostAsync("/v2/integrations/forge-github/installation-link", "{}");
        var session = await api.OfferAsync(returnTo: null, left: null, 5);
        var chosen = await api.PostAsync($"{Sessions}/{session}/selection", """{"action":"INSTALL_NEW"}""");

        Assert.Equal(
            (HttpStatusCode.BadRequest, "No GitHub App is configured on this control plane: its operator sets Integrations:GitHub:AppSlug (environment variable PILOTHOUSE_Integrations__GitHub__AppSlug)."),
            (first.Status, first.Detail));
        Assert.Contains("Integrations:ForgeGitHub:ClientId", second.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.Contains("Integrations:ForgeGitHub:AppSlug", chosen.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    public async Task Link_of_the_app_leads_to_its_installation_and_to_its_consent(string? body)
    {
        var api = await fixture.NewAsync();

        var link = await api.PostAsync("/v2/integrations/github/installation-link", body);

        var install = new Uri(link.Expect(HttpStatusCode.OK).Text_("install_url")!);
        var consent = new Uri(link.Text_("oauth_reuse_url")!);
        Assert.Equal("https://github.com/apps/pilot-deploy/installations/new", install.GetLeftPart(UriPartial.Path));
        Assert.Equal("https://github.com/login/oauth/authorize", consent.GetLeftPart(UriPartial.Path));
        Assert.Equal("Iv1.deploy", HttpUtility.ParseQueryString(consent.Query)["client_id"]);
        Assert.Equal(StateOf(install), StateOf(consent));
        var state = await ReadAsync(StateOf(install));
        Assert.Equal((api.Workspace.Value, "github", null), (state!.Workspace, state.Kind, state.ReturnTo));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("null", null)]
    [InlineData("""{"return_to":null}""", null)]
    [InlineData("""{"return_to":"https://pilot.corp/back?to=1"}""", "https://pilot.corp/back?to=1")]
    public async Task Link_of_the_second_app_begins_with_a_consent(string? body, string? returnTo)
    {
        var api = await fixture.NewAsync();

        var link = await api.PostAsync("/v2/integrations/forge-github/installation-link", body);

        var consent = new Uri(link.Expect(HttpStatusCode.OK).Text_("install_url")!);
        Assert.Equal("https://github.corp/login/oauth/authorize", consent.GetLeftPart(UriPartial.Path));
        Assert.Equal("Iv1.forge", HttpUtility.ParseQueryString(consent.Query)["client_id"]);
        Assert.Equal(["install_url"], link.Body.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("forge-github", returnTo), ((await ReadAsync(StateOf(consent)))!.Kind, (await ReadAsync(StateOf(consent)))!.ReturnTo));
    }

    [Theory]
    [InlineData("""{"return_to":"/back"}""", "value_error body.return_to")]
    [InlineData("""{"return_to":"javascript:alert(1)"}""", "value_error body.return_to")]
    [InlineData("""{"return_to":"https://user:pass@pilot.corp"}""", "value_error body.return_to")]
    [InlineData("""{"return_to":5}""", "string_type body.return_to")]
    [InlineData("[]", "model_attributes_type body")]
    public async Task Place_to_return_to_must_be_a_page(string body, string fault)
    {
        var api = await fixture.NewAsync();

        Assert.Equal([fault], (await api.PostAsync("/v2/integrations/forge-github/installation-link", body)).Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task State_is_taken_within_its_hour_unaltered_and_for_its_own_workspace_only()
    {
        var (api, other) = (await fixture.NewAsync(), await fixture.NewAsync());
        var (keys, databases) = (fixture.Host.Services.GetRequiredService<DataKeys>(), fixture.Host.Services.GetRequiredService<IDbContextFactory<PilothouseDb>>());
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var states = new InstallStates(keys, databases, clock);
        var credential = new Credential { Organization = default, Key = Guid.NewGuid(), Workspace = api.Workspace, Role = Roles.Admin, Name = "test" };
        var caller = new Caller(default, api.Workspace, credential, new Grant(Roles.Admin, IsOrganizationAdmin: false, Roles.PermissionsOf(Roles.Admin)!));

        var text = await states.WriteAsync(caller, "github", returnTo: null, ControlHost.Cancel);

        Assert.Equal((api.Workspace.Value, caller.Subject), ((await states.ReadAsync(text, ControlHost.Cancel))!.Workspace, (await states.ReadAsync(text, ControlHost.Cancel))!.Subject));
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(text);
        foreach (var at in new[] { 0, 16, 17, bytes.Length / 2, bytes.Length - 1 })
        {
            var altered = bytes.ToArray();
            altered[at] ^= 1;
            Assert.Null(await states.ReadAsync(System.Buffers.Text.Base64Url.EncodeToString(altered), ControlHost.Cancel));
        }

        byte[] moved = [.. other.Workspace.Value.ToByteArray(), .. bytes.AsSpan(16)];
        Assert.Null(await states.ReadAsync(System.Buffers.Text.Base64Url.EncodeToString(moved), ControlHost.Cancel));
        foreach (var nonsense in new[] { "", "x", "not base64!", text[..10], text + "A" }) Assert.Null(await states.ReadAsync(nonsense, ControlHost.Cancel));
        clock.Advance(InstallStates.Lifetime - TimeSpan.FromSeconds(1));
        Assert.NotNull(await states.ReadAsync(text, ControlHost.Cancel));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await states.ReadAsync(text, ControlHost.Cancel));
    }

    [Fact]
    public async Task Session_shows_what_may_be_chosen_and_attaching_connects_it_once()
    {
        var api = await fixture.NewAsync();
        var session = await api.OfferAsync("https://pilot.corp/back", left: null, 1001, 1002);

        var before = await api.GetAsync($"{Sessions}/{session}");
        var chosen = await api.PostAsync($"{Sessions}/{session}/selection", """{"action":"ATTACH","installation_id":1002}""");
        var again = await api.PostAsync($"{Sessions}/{session}/selection", """{"action":"ATTACH","installation_id":1002}""");
        var after = await api.GetAsync($"{Sessions}/{session}");

        Assert.Equal(
            """{"installs":[{"installation_id":1001,"account_login":"account-1001","account_type":"Organization","already_in_org":false},{"installation_id":1002,"account_login":"account-1002","account_type":"Organization","already_in_org":false}],"return_to":"https://pilot.corp/back"}""",
            before.Expect(HttpStatusCode.OK).Text);
        Assert.Equal("""{"redirect_url":"https://pilot.corp/back"}""", chosen.Expect(HttpStatusCode.OK).Text);
        Assert.Equal(chosen.Text, again.Expect(HttpStatusCode.OK).Text);
        Assert.Equal([false, true], after.Body.GetProperty("installs").EnumerateArray().Select(one => one.GetProperty("already_in_org").GetBoolean()));
        var connected = Assert.Single((await api.GetAsync("/v2/integrations/forge-github/installations")).Body.GetProperty("items").EnumerateArray().ToList());
        Assert.Equal((1002, "account-1002"), (connected.GetProperty("installation_id").GetInt32(), connected.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Choosing_nothing_that_is_there_leads_to_a_new_installation()
    {
        var api = await fixture.NewAsync();
        var session = await api.OfferAsync("https://pilot.corp/back", left: null, 1);

        var chosen = await api.PostAsync($"{Sessions}/{session}/selection", """{"action":"INSTALL_NEW"}""");

        var install = new Uri(chosen.Expect(HttpStatusCode.OK).Text_("redirect_url")!);
        Assert.Equal("https://github.corp/apps/pilot-forge/installations/new", install.GetLeftPart(UriPartial.Path));
        Assert.Equal("https://pilot.corp/back", (await ReadAsync(StateOf(install)))!.ReturnTo);
        Assert.Equal("[]", (await api.GetAsync("/v1/integrations/forge/github/install")).Text);
    }

    [Fact]
    public async Task Browser_that_came_from_nowhere_ends_at_the_control_plane()
    {
        var api = await fixture.NewAsync();
        var session = await api.OfferAsync(returnTo: null, left: null, 7);

        var chosen = await api.PostAsync($"{Sessions}/{session}/selection", """{"action":"ATTACH","installation_id":7}""");

        Assert.Equal(fixture.Host.Address.AbsoluteUri.TrimEnd('/'), chosen.Expect(HttpStatusCode.OK).Text_("redirect_url"));
    }

    [Theory]
    [InlineData("{}", "missing body.action")]
    [InlineData("""{"action":"attach"}""", "enum body.action")]
    [InlineData("""{"action":"ATTACH"}""", "value_error body.installation_id")]
    [InlineData("""{"action":"ATTACH","installation_id":null}""", "value_error body.installation_id")]
    [InlineData("""{"action":"ATTACH","installation_id":"x"}""", "int_parsing body.installation_id")]
    [InlineData("""{"action":"ATTACH","installation_id":0}""", "greater_than_equal body.installation_id")]
    public async Task Faults_of_a_choice_are_told(string body, string fault)
    {
        var api = await fixture.NewAsync();
        var session = await api.OfferAsync(returnTo: null, left: null, 7);

        Assert.Equal([fault], (await api.PostAsync($"{Sessions}/{session}/selection", body)).Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Installation_that_was_not_offered_is_not_attached()
    {
        var api = await fixture.NewAsync();
        var session = await api.OfferAsync(returnTo: null, left: null, 7);

        var refused = await api.PostAsync($"{Sessions}/{session}/selection", """{"action":"ATTACH","installation_id":8}""");

        Assert.Equal((HttpStatusCode.BadRequest, "Installation ID 8 is not one of this picker session's."), (refused.Status, refused.Detail));
        Assert.Equal("[]", (await api.GetAsync("/v1/integrations/forge/github/install")).Text);
    }

    [Fact]
    public async Task Foreign_and_old_sessions_are_answered_as_ones_that_never_were()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        string[] ids = [await theirs.OfferAsync(returnTo: null, left: null, 7), await mine.OfferAsync(returnTo: null, TimeSpan.FromSeconds(-1), 7), "nobody"];

        foreach (var id in ids)
        {
            Reply[] replies = [await mine.GetAsync($"{Sessions}/{id}"), await mine.PostAsync($"{Sessions}/{id}/selection", """{"action":"ATTACH","installation_id":7}""")];
            Assert.All(replies, reply => Assert.Equal((HttpStatusCode.NotFound, $"Picker session ID {id} not found."), (reply.Status, reply.Detail)));
        }

        Assert.Equal("[]", (await mine.GetAsync("/v1/integrations/forge/github/install")).Text);
        Assert.Equal("[]", (await theirs.GetAsync("/v1/integrations/forge/github/install")).Text);
    }

    [Theory]
    [InlineData("POST", "/v2/integrations/github/installation-link", null)]
    [InlineData("POST", "/v2/integrations/forge-github/installation-link", null)]
    [InlineData("GET", $"{Sessions}/{{s}}", null)]
    [InlineData("POST", $"{Sessions}/{{s}}/selection", """{"action":"INSTALL_NEW"}""")]
    public async Task Only_an_admin_connects(string method, string path, string? body)
    {
        var admin = await fixture.NewAsync();
        var real = path.Replace("{s}", await admin.OfferAsync(returnTo: null, left: null, 7), StringComparison.Ordinal);

        foreach (var (role, expected) in new[] { (Roles.Viewer, 403), (Roles.Editor, 403), (Roles.Admin, 200) })
            Assert.Equal(expected, (int)(await (await admin.AsAsync(role)).SendAsync(new HttpMethod(method), real, body)).Status);
        using var nobody = admin.Host.Client(key: null);
        using var request = new HttpRequestMessage(new HttpMethod(method), real);
        using var refused = await nobody.SendAsync(request, ControlHost.Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static string StateOf(Uri page) => HttpUtility.ParseQueryString(page.Query)["state"]!;

    private Task<InstallState?> ReadAsync(string state) => fixture.Host.Services.GetRequiredService<InstallStates>().ReadAsync(state, ControlHost.Cancel);
}
