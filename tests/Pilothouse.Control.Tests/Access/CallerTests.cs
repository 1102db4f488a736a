using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Routing;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

public sealed class CallerTests
{
    [Fact]
    public async Task Bootstrap_key_opens_the_first_workspace_without_naming_it()
    {
        await using var host = await StartAsync();

        var (status, body) = await GetAsync(host, "/who", ("X-Api-Key", host.NewKey!));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($"{await host.WorkspaceAsync()} admin", body);
    }

    [Theory]
    [InlineData("x-api-key")]
    [InlineData("X-API-KEY")]
    [InlineData("Authorization")]
    public async Task Key_is_taken_in_any_spelling_of_the_header_and_as_bearer(string header)
    {
        await using var host = await StartAsync();
        var value = header == "Authorization" ? $"Bearer {host.NewKey}" : host.NewKey!;

        var (status, _) = await GetAsync(host, "/who", (header, value));

        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("lsv2_sk_wrong")]
    [InlineData("'; DROP TABLE api_keys; --")]
    public async Task Missing_or_unknown_key_is_401_with_a_detail(string? key)
    {
        await using var host = await StartAsync();

        var (status, body) = await GetAsync(host, "/who", key is null ? [] : [("X-Api-Key", key)]);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Matches("^{\"detail\":\".*API key: .*\"}$", body);
    }

    [Fact]
    public async Task Expired_and_revoked_keys_are_401()
    {
        await using var host = await StartAsync();
        var workspace = await host.WorkspaceAsync();
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        var expired = await host.AddKeyAsync(workspace.Value, expiresAt: past);
        var revoked = await host.AddKeyAsync(workspace.Value, revokedAt: past);

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/who", ("X-Api-Key", expired))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/who", ("X-Api-Key", revoked))).Status);
    }

    [Fact]
    public async Task Organization_key_without_workspace_is_403_that_asks_for_one()
    {
        await using var host = await StartAsync();
        var key = await host.AddKeyAsync(workspace: null);

        var (status, body) = await GetAsync(host, "/who", ("X-Api-Key", key));
        var (named, _) = await GetAsync(host, "/who", ("X-Api-Key", key), ("X-Tenant-ID", (await host.WorkspaceAsync()).ToString()));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("requires workspace specification", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, named);
    }

    [Fact]
    public async Task Workspace_out_of_the_keys_reach_is_403_whether_or_not_it_exists()
    {
        await using var host = await StartAsync();
        var organization = await host.AddKeyAsync(workspace: null);
        var foreign = await AddWorkspaceAsync(host, Guid.NewGuid());

        foreach (var key in new[] { host.NewKey!, organization })
        {
            foreach (var tenant in new[] { foreign.ToString(), Guid.NewGuid().ToString() })
            {
                var (status, body) = await GetAsync(host, "/who", ("X-Api-Key", key), ("X-Tenant-Id", tenant));
                Assert.Equal(HttpStatusCode.Forbidden, status);
                Assert.Equal($$"""{"detail":"X-Tenant-Id names workspace {{tenant}}, which this API key does not reach."}""", body);
            }
        }
    }

    [Fact]
    public async Task Malformed_workspace_is_422_in_the_shape_of_validation()
    {
        await using var host = await StartAsync();

        var (status, body) = await GetAsync(host, "/who", ("X-Api-Key", host.NewKey!), ("X-Tenant-Id", "mine"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.StartsWith("""{"detail":[{"type":"uuid_parsing","loc":["header","X-Tenant-Id"],"msg":"Input should be a valid UUID""", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_differing_key_lines_the_last_counts_if_both_belong_to_one_workspace()
    {
        await using var host = await StartAsync();
        var workspace = await host.WorkspaceAsync();
        var viewer = await host.AddKeyAsync(workspace.Value, Roles.Viewer);
        var elsewhere = await host.AddKeyAsync(await AddWorkspaceAsync(host, organization: null));

        Assert.Equal($"{workspace} viewer", (await GetAsync(host, "/who", ("X-Api-Key", host.NewKey!), ("x-api-key", viewer))).Body);
        Assert.Equal($"{workspace} admin", (await GetAsync(host, "/who", ("X-Api-Key", viewer), ("x-api-key", host.NewKey!))).Body);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/who", ("X-Api-Key", host.NewKey!), ("x-api-key", elsewhere))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/who", ("X-Api-Key", "bad"), ("x-api-key", host.NewKey!))).Status);
    }

    [Theory]
    [InlineData(Roles.Admin, "create read update delete")]
    [InlineData(Roles.Editor, "create read update")]
    [InlineData(Roles.Viewer, "read")]
    [InlineData("stranger", "")]
    public async Task Roles_may_do_what_the_reference_says(string role, string allowed)
    {
        await using var host = await StartAsync();
        var key = await host.AddKeyAsync((await host.WorkspaceAsync()).Value, role);

        var may = new List<string>();
        foreach (var verb in new[] { "create", "read", "update", "delete" })
        {
            if ((await GetAsync(host, $"/may/{verb}", ("X-Api-Key", key))).Status == HttpStatusCode.OK) may.Add(verb);
        }

        Assert.Equal(allowed, string.Join(' ', may));
    }

    [Fact]
    public async Task Gateway_lets_in_keys_of_the_workspace_and_of_its_organization_only()
    {
        await using var host = await StartAsync();
        var check = host.Services.GetRequiredService<ICallerCheck>();
        var workspace = await host.WorkspaceAsync();
        var organization = await host.AddKeyAsync(workspace: null);
        var elsewhere = await host.AddKeyAsync(await AddWorkspaceAsync(host, organization: null));

        Assert.True(await check.MayCallAsync(workspace, host.NewKey, ControlHost.Cancel));
        Assert.True(await check.MayCallAsync(workspace, organization, ControlHost.Cancel));
        Assert.False(await check.MayCallAsync(workspace, elsewhere, ControlHost.Cancel));
        Assert.False(await check.MayCallAsync(workspace, apiKey: null, ControlHost.Cancel));
        Assert.False(await check.MayCallAsync(workspace, new string('x', 100_000), ControlHost.Cancel));
    }

    [Fact]
    public async Task Revoked_key_stops_working_within_the_cache_age()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await StartAsync(clock);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "/who", ("X-Api-Key", host.NewKey!))).Status);

        await host.WithDbAsync(db => db.ApiKeys.ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, clock.GetUtcNow()), ControlHost.Cancel));
        clock.Advance(AccessCaches.Age);

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/who", ("X-Api-Key", host.NewKey!))).Status);
    }

    private static Task<ControlHost> StartAsync(TimeProvider? clock = null) => ControlHost.StartAsync(
        services: services => services.AddSingleton(clock ?? TimeProvider.System),
        routes: app =>
        {
            app.MapGet("/who", (HttpContext http) => $"{http.GetCaller().Workspace} {http.GetCaller().Role}").RequireCaller();
            foreach (var verb in new[] { "create", "read", "update", "delete" })
                app.MapGet($"/may/{verb}", () => "yes").RequirePermission($"deployments:{verb}");
        });

    /// <param name="organization">Null: the first one.</param>
    private static Task<Guid> AddWorkspaceAsync(ControlHost host, Guid? organization) => host.WithDbAsync(async db =>
    {
        var id = Guid.CreateVersion7();
        db.Workspaces.Add(new WorkspaceRow
        {
            Id = id,
            OrganizationId = organization ?? await db.Organizations.Select(row => row.Id).FirstAsync(ControlHost.Cancel),
            Name = "other",
            WrappedDataKey = [],
        });
        await db.SaveChangesAsync(ControlHost.Cancel);
        return id;
    });

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(
        ControlHost host, string path, params (string Name, string Value)[] headers)
    {
        using var client = host.Client(key: null);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, ControlHost.Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(ControlHost.Cancel));
    }
}
