using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Audit;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Audit;

public sealed class AuditTests(AccessFixture fixture) : IClassFixture<AccessFixture>
{
    [Fact]
    public async Task Every_change_is_told_with_who_what_and_where_and_no_value_is()
    {
        var admin = await fixture.InNewAsync();
        var deployment = await admin.CreateAsync("app", secrets: """[{"name":"TOKEN","value":"marker-5f2d"}]""");
        (await admin.PatchAsync(deployment, """{"secrets":[{"name":"TOKEN","value":"marker-77aa"}]}""")).Expect(HttpStatusCode.OK);
        (await admin.PostAsync($"/v2/deployments/{deployment}/upload-url")).Expect(HttpStatusCode.OK);
        var (_, key) = await fixture.KeyAsync(admin, admin.Workspace, "viewer");
        (await admin.DeleteAsync($"/v2/deployments/{deployment}")).Expect(HttpStatusCode.NoContent);
        (await admin.PostAsync("/v2/deployments", "{}")).Expect(HttpStatusCode.UnprocessableEntity);
        (await admin.PostAsync($"/v1/projects/{deployment}/deploy_logs", "{}")).Expect(HttpStatusCode.OK);

        var log = await admin.GetAsync("/v2/access/audit-log");

        Assert.Equal(
            [
                $"delete_deployment deployment {deployment} succeeded 204",
                $"create_api_key api_key {key.Id} succeeded 201",
                $"create_upload_url deployment {deployment} succeeded 200",
                $"update_deployment deployment {deployment} succeeded 200",
                $"create_deployment deployment {deployment} succeeded 201",
            ],
            Entries(log).Select(one => $"{one.GetProperty("operation")} {one.GetProperty("resource_type")} {one.GetProperty("resource_id")} {one.GetProperty("outcome")} {one.GetProperty("status")}"));
        var me = await admin.GetAsync("/v2/access/me");
        Assert.All(Entries(log), one =>
        {
            Assert.Equal(me.Text_("api_key_id"), one.GetProperty("api_key_id").GetString());
            Assert.Equal("127.0.0.1", one.GetProperty("remote_address").GetString());
            Assert.NotEmpty(one.GetProperty("request_id").GetString()!);
        });
        Assert.DoesNotContain("marker-", log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Text_("key")!, log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_for_want_of_a_permission_are_told_also_of_reading_and_of_foreign_workspaces()
    {
        var admin = await fixture.InNewAsync();
        var (viewer, made) = await fixture.KeyAsync(admin, admin.Workspace, "viewer");
        using var astray = fixture.Host.Client(made.Text_("key"));
        astray.DefaultRequestHeaders.Add("X-Tenant-Id", Guid.NewGuid().ToString());

        (await viewer.PostAsync("/v2/deployments", Bodies.Internal("no"))).Expect(HttpStatusCode.Forbidden);
        (await viewer.GetAsync("/v2/access/audit-log")).Expect(HttpStatusCode.Forbidden);
        (await new Api(fixture.Host, astray, admin.Workspace).GetAsync("/v2/deployments")).Expect(HttpStatusCode.Forbidden);

        var log = await admin.GetAsync($"/v2/access/audit-log?outcome=refused&actor_id={made.Id}");
        Assert.Equal(["read_deployment", "read_audit_log", "create_deployment"], Entries(log).Select(one => one.GetProperty("operation").GetString()));
    }

    [Fact]
    public async Task Filters_paging_and_scope_narrow_what_is_read()
    {
        var admin = await fixture.InNewAsync();
        var ids = new List<string>();
        for (var number = 0; number < 3; number++) ids.Add(await admin.CreateAsync($"app-{number}"));
        await admin.DeleteAsync($"/v2/deployments/{ids[0]}");
        async Task<int> Count(string query) => Entries(await admin.GetAsync($"/v2/access/audit-log?{query}")).Count;
        var page = await admin.GetAsync("/v2/access/audit-log?limit=2&offset=1");

        Assert.Equal(3, await Count("operation=create_deployment"));
        Assert.Equal(2, await Count($"resource_id={ids[0]}"));
        Assert.Equal(0, await Count("resource_type=api_key"));
        Assert.Equal(0, await Count("start_time=2100-01-01T00:00:00Z"));
        Assert.Equal(4, await Count("end_time=2100-01-01T00:00:00Z"));
        Assert.Equal(2, Entries(page).Count);
        Assert.Equal("3", page.Text_("offset"));
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.GetAsync("/v2/access/audit-log?scope=organization")).Status);
        var whole = Entries(await fixture.Root.GetAsync($"/v2/access/audit-log?scope=organization&resource_id={ids[1]}"));
        Assert.Equal(admin.Workspace.ToString(), Assert.Single(whole).GetProperty("workspace_id").GetString());
        Assert.Equal(
            ["enum query.outcome", "uuid_parsing query.actor_id"],
            (await admin.GetAsync("/v2/access/audit-log?actor_id=x&outcome=y")).Expect(HttpStatusCode.UnprocessableEntity).Faults.Order());
    }

    [Fact]
    public async Task Many_changes_at_once_are_all_told()
    {
        var admin = await fixture.InNewAsync();

        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => admin.CreateAsync($"app-{number}")));

        Assert.Equal(30, Entries(await admin.GetAsync("/v2/access/audit-log?limit=100&operation=create_deployment")).Select(one => one.GetProperty("resource_id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task Entries_and_dead_keys_go_after_their_retention()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await ControlHost.StartAsync(
            settings: new() { ["Audit:Retention"] = "10.00:00:00" }, services: services => services.AddSingleton<TimeProvider>(clock));
        var root = new Api(host, host.Client(), await host.WorkspaceAsync());
        var old = (await root.PostAsync("/v2/access/keys", """{"name":"old","role":"viewer"}""")).Id;
        await root.DeleteAsync($"/v2/access/keys/{old}");
        clock.Advance(TimeSpan.FromDays(10.5));
        await root.PostAsync("/v2/access/keys", """{"name":"new","role":"viewer"}""");

        await host.Services.GetRequiredService<Sweeps>().ReconcileAsync("audit", ControlHost.Cancel);

        Assert.Equal(["create_api_key"], Entries(await root.GetAsync("/v2/access/audit-log")).Select(one => one.GetProperty("operation").GetString()));
        Assert.Equal(["bootstrap", "new"], await host.WithDbAsync(db => db.ApiKeys.OrderBy(row => row.Name).Select(row => row.Name).ToListAsync(ControlHost.Cancel)));
    }

    [Theory]
    [InlineData("PATCH", "/v2/listeners/{listener_id}", "update_listener listener")]
    [InlineData("POST", "/v2/listeners", "create_listener listener")]
    [InlineData("POST", "/v2/deployments/{deployment_id}/revisions", "create_revision revision")]
    [InlineData("POST", "/v2/deployments/{deployment_id}/revisions/{revision_id}/redeploy", "redeploy_revision revision")]
    [InlineData("DELETE", "/v2/deployments", "delete_deployments deployment")]
    [InlineData("PATCH", "/v2/auth/tokens/{token_id}/metadata", "update_oauth_token_metadata oauth_token")]
    [InlineData("DELETE", "/v2/auth/agents/{agent_id}/connections/{connection_id}", "delete_agent_connection agent_connection")]
    [InlineData("PUT", "/v2/access/members/{user_id}", "set_workspace_member workspace_member")]
    [InlineData("PATCH", "/v2/access/organization", "update_organization organization")]
    [InlineData("POST", "/v2/auth/authenticate", "authenticate oauth_token")]
    public void Operations_are_named_by_method_and_path(string method, string path, string expected)
    {
        var operation = AuditOperations.Of(method, path);

        Assert.Equal(expected, $"{operation.Name} {operation.Resource}");
    }

    private static List<JsonElement> Entries(Reply reply) => [.. reply.Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray()];
}
