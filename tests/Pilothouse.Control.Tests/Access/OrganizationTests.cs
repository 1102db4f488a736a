using System.Net;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

public sealed class OrganizationTests(AccessFixture fixture) : IClassFixture<AccessFixture>
{
    [Fact]
    public async Task New_workspace_has_a_data_key_of_its_own_and_survives_a_restart()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-workspaces-").FullName;
        try
        {
            string key;
            await using (var host = await ControlHost.StartAsync(directory: directory))
            {
                var root = new Api(host, host.Client(), await host.WorkspaceAsync());
                var made = (await root.PostAsync("/v2/access/workspaces", """{"name":"second"}""")).Expect(HttpStatusCode.Created);
                key = (await root.PostAsync("/v2/access/keys", $$"""{"name":"k","role":"admin","workspace_id":"{{made.Id}}"}""")).Text_("key")!;
                var second = new Api(host, host.Client(key), new Core.WorkspaceId(Guid.Parse(made.Id)));
                await second.CreateAsync("app", secrets: """[{"name":"TOKEN","value":"hidden"}]""");
                Assert.Equal(2, await host.WithDbAsync(db => db.Workspaces.Select(row => row.WrappedDataKey).Distinct().CountAsync(ControlHost.Cancel)));
            }

            await using var again = await ControlHost.StartAsync(directory: directory);
            using var client = again.Client(key);
            var list = await new Api(again, client, default).GetAsync("/v2/deployments");

            Assert.Single(list.Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task First_key_of_an_older_store_manages_the_organization_after_the_next_start()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-older-").FullName;
        try
        {
            string key;
            await using (var host = await ControlHost.StartAsync(directory: directory))
            {
                key = host.NewKey!;
                await host.WithDbAsync(db => db.ApiKeys.ExecuteUpdateAsync(set => set.SetProperty(row => row.IsOrganizationAdmin, false), ControlHost.Cancel));
            }

            await using var again = await ControlHost.StartAsync(directory: directory);
            using var client = again.Client(key);

            Assert.Equal("True", (await new Api(again, client, default).GetAsync("/v2/access/me")).Text_("is_organization_admin"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Workspaces_are_named_once_and_only_reached_ones_are_listed()
    {
        var name = $"w-{Guid.NewGuid():N}";
        var made = (await fixture.Root.PostAsync("/v2/access/workspaces", $$"""{"name":"{{name}}"}""")).Expect(HttpStatusCode.Created);
        var taken = await fixture.Root.PostAsync("/v2/access/workspaces", $$"""{"name":"{{name}}"}""");
        var renamed = await fixture.Root.SendAsync(HttpMethod.Patch, $"/v2/access/workspaces/{made.Id}", $$"""{"name":"{{name}}-2"}""");
        var unknown = await fixture.Root.SendAsync(HttpMethod.Patch, $"/v2/access/workspaces/{Guid.Empty}", """{"name":"x"}""");
        var one = await fixture.InNewAsync("viewer");
        var organization = await one.GetAsync("/v2/access/organization");

        Assert.Equal(HttpStatusCode.Conflict, taken.Status);
        Assert.Equal($"{name}-2", renamed.Expect(HttpStatusCode.OK).Text_("name"));
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
        Assert.Equal([one.Workspace.ToString()], Ids(await one.GetAsync("/v2/access/workspaces")));
        Assert.Contains(made.Id, Ids(await fixture.Root.GetAsync("/v2/access/workspaces?limit=100")));
        Assert.Equal("default", organization.Text_("name"));
    }

    [Fact]
    public async Task Role_holds_what_its_maker_has_at_most_and_stays_while_somebody_has_it()
    {
        var admin = await fixture.InNewAsync();
        var role = await fixture.RoleAsync(Permissions.Read, Permissions.ManageRoles);
        var (limited, made) = await fixture.KeyAsync(admin, admin.Workspace, role);

        var above = await limited.PostAsync("/v2/access/roles", """{"name":"above","permissions":["deployments:delete"]}""");
        var within = await limited.PostAsync("/v2/access/roles", """{"name":"within","permissions":["deployments:read"]}""");
        var twice = await limited.PostAsync("/v2/access/roles", """{"name":"within","permissions":[]}""");
        var organization = await fixture.Root.PostAsync("/v2/access/roles", """{"name":"king","permissions":["organization:manage"]}""");
        var builtIn = await fixture.Root.PostAsync("/v2/access/roles", """{"name":"admin","permissions":[]}""");
        var used = await admin.DeleteAsync($"/v2/access/roles/{role}");
        (await admin.DeleteAsync($"/v2/access/keys/{made.Id}")).Expect(HttpStatusCode.NoContent);
        var unused = await admin.DeleteAsync($"/v2/access/roles/{role}");

        Assert.Equal((HttpStatusCode.Forbidden, "The role 'above' may do what you may not: deployments:delete."), (above.Status, above.Detail));
        within.Expect(HttpStatusCode.Created);
        Assert.Equal(HttpStatusCode.Conflict, twice.Status);
        Assert.Equal(["enum body.permissions.0"], organization.Expect(HttpStatusCode.UnprocessableEntity).Faults);
        Assert.Equal(HttpStatusCode.BadRequest, builtIn.Status);
        Assert.Equal((HttpStatusCode.Conflict, $"The role '{role}' is in use: 1 keys and 0 members have it."), (used.Status, used.Detail));
        unused.Expect(HttpStatusCode.NoContent);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.DeleteAsync("/v2/access/roles/viewer")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync("/v2/access/roles/nothing")).Status);
        Assert.Contains("within", (await admin.GetAsync("/v2/access/roles?limit=100")).Text, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Ids(Reply reply) =>
        reply.Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("id").GetString());
}
