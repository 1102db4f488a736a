using System.Net;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

/// <summary>One control plane for the tests of a class, and an authorization server of its own for each test that asks.</summary>
public sealed class AuthFixture : IAsyncLifetime
{
    public const string OwnPage = "https://app.corp/host-oauth-callback/x";

    private readonly HttpClient _browser = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    internal ControlHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await ControlHost.StartAsync(new Dictionary<string, string?>
    {
        ["Outgoing:AllowPrivateAddresses"] = "true",
        ["AuthService:RedirectUris:0"] = OwnPage,
    });

    public ValueTask DisposeAsync()
    {
        _browser.Dispose();
        return Host.DisposeAsync();
    }

    /// <summary>A caller in a workspace of its own, in the first organization.</summary>
    internal Task<Api> NewAsync(string role = Roles.Admin) => Api.InNewWorkspaceAsync(Host, role);

    /// <summary>A caller in an organization of its own.</summary>
    internal async Task<Api> InNewOrganizationAsync()
    {
        var (organization, workspace, key) = (OrganizationId.New(), WorkspaceId.New(), ApiKeyText.New());
        await Host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ControlHost.Cancel);
            var wrapped = await Host.Services.GetRequiredService<DataKeys>().NewAsync(db, workspace, ControlHost.Cancel);
            db.Organizations.Add(new OrganizationRow { Id = organization.Value, Name = "another" });
            db.Workspaces.Add(new WorkspaceRow
            {
                Id = workspace.Value,
                OrganizationId = organization.Value,
                Name = "another",
                WrappedDataKey = wrapped.Wrapped,
                MasterKeyVersion = wrapped.Version,
            });
            db.ApiKeys.Add(new ApiKeyRow
            {
                Id = Guid.CreateVersion7(),
                OrganizationId = organization.Value,
                WorkspaceId = workspace.Value,
                Name = "test",
                Hash = ApiKeyText.Hash(key),
                Prefix = ApiKeyText.Shown(key),
                Role = Roles.Admin,
            });
            await db.SaveChangesAsync(ControlHost.Cancel);
            await transaction.CommitAsync(ControlHost.Cancel);
            return 0;
        });
        return new Api(Host, Host.Client(key), workspace);
    }

    /// <summary>What a browser does with an address: no redirects of itself.</summary>
    internal async Task<(HttpStatusCode Status, Uri? Location, string Text)> BrowseAsync(string url, bool isBrowser = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (isBrowser) request.Headers.Accept.ParseAdd("text/html,application/xhtml+xml");
        using var answer = await _browser.SendAsync(request, ControlHost.Cancel);
        return (answer.StatusCode, answer.Headers.Location, await answer.Content.ReadAsStringAsync(ControlHost.Cancel));
    }

    /// <summary>The user consents, and the provider sends them to this address.</summary>
    internal async Task<string> ConsentAsync(string url) => (await BrowseAsync(url)).Location!.AbsoluteUri;

    /// <summary>From asking to the stored token, as a user does it.</summary>
    internal async Task<Reply> ConnectAsync(Api api, string body)
    {
        var pending = await api.PostAsync("/v2/auth/authenticate", body);
        Assert.Equal("pending", pending.Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Equal(HttpStatusCode.OK, (await BrowseAsync(await ConsentAsync(pending.Text_("url")!))).Status);
        return pending;
    }

    /// <summary>A change of the stored tokens that no request makes, such as time.</summary>
    internal Task ChangeTokensAsync(Api api, Action<OAuthTokenRow> change) => Host.WithDbAsync(async db =>
    {
        foreach (var row in await db.OAuthTokens.Where(row => row.WorkspaceId == api.Workspace.Value).ToListAsync(ControlHost.Cancel)) change(row);
        return await db.SaveChangesAsync(ControlHost.Cancel);
    });

    internal Task<List<OAuthTokenRow>> TokensAsync(Api api) => Host.WithDbAsync(db => db.OAuthTokens.AsNoTracking()
        .Where(row => row.WorkspaceId == api.Workspace.Value).OrderBy(row => row.CreatedAt).ToListAsync(ControlHost.Cancel));
}

/// <summary>Bodies of requests.</summary>
internal static class AuthBodies
{
    /// <param name="change">Fields to add, replace, or remove by null.</param>
    public static string Provider(string slug, OAuthServer? server = null, string? change = null)
    {
        var body = new JsonObject
        {
            ["provider_id"] = slug,
            ["name"] = "Test",
            ["client_id"] = "client",
            ["client_secret"] = "s3cret/+ word",
            ["auth_url"] = server?.Authorize ?? "https://login.corp/authorize",
            ["token_url"] = server?.Token ?? "https://login.corp/token",
        };
        foreach (var (name, value) in change is null ? [] : JsonNode.Parse(change)!.AsObject().ToList())
        {
            if (value is null) body.Remove(name);
            else body[name] = value.DeepClone();
        }

        return body.ToJsonString();
    }

    public static string Ask(string slug, string more = "", string scopes = """["read"]""") => $$"""{"provider":"{{slug}}","scopes":{{scopes}}{{more}}}""";

    public static string Import(string slug, string token = "imported", string more = "") =>
        $$"""{"provider_id":"{{slug}}","access_token":"{{token}}","scopes":["read"]{{more}}}""";

    /// <summary>Unique within the organization, which the tests of a class share.</summary>
    public static string NewSlug() => $"p-{Guid.NewGuid():N}";
}
