using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core.Routing;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

public sealed class PeopleTests(AccessFixture fixture) : IClassFixture<AccessFixture>
{
    [Fact]
    public async Task Personal_key_may_what_its_user_may_where_the_user_is_a_member()
    {
        var admin = await fixture.InNewAsync();
        var user = await fixture.UserAsync();
        var key = await fixture.PersonalKeyAsync(user);
        var person = fixture.As(key, admin.Workspace);

        var stranger = await person.GetAsync("/v2/deployments");
        (await fixture.JoinAsync(admin, user, "viewer")).Expect(HttpStatusCode.OK);
        var reads = await person.GetAsync("/v2/deployments");
        var writes = await person.PostAsync("/v2/deployments", Bodies.Internal("app"));
        (await fixture.JoinAsync(admin, user, "editor")).Expect(HttpStatusCode.OK);
        var later = await person.PostAsync("/v2/deployments", Bodies.Internal("app"));
        var me = await person.GetAsync("/v2/access/me");

        Assert.Matches("^lsv2_pt_[0-9a-f]{64}$", key);
        Assert.Equal(HttpStatusCode.Forbidden, stranger.Status);
        Assert.Contains("requires workspace specification", stranger.Detail, StringComparison.Ordinal);
        reads.Expect(HttpStatusCode.OK);
        Assert.Equal((HttpStatusCode.Forbidden, "You have the role 'viewer' in this workspace, which lacks the permission 'deployments:create'."), (writes.Status, writes.Detail));
        later.Expect(HttpStatusCode.Created);
        Assert.Equal((user, "editor", admin.Workspace.ToString()), (me.Text_("user_id"), me.Text_("role"), me.Text_("workspace_id")));
    }

    [Fact]
    public async Task Disabled_user_and_removed_member_are_stopped_at_once_also_at_the_gateway()
    {
        var admin = await fixture.InNewAsync();
        var gateway = fixture.Host.Services.GetRequiredService<ICallerCheck>();
        var (leaving, disabled) = (await fixture.UserAsync(), await fixture.UserAsync());
        foreach (var user in new[] { leaving, disabled }) (await fixture.JoinAsync(admin, user, "editor")).Expect(HttpStatusCode.OK);
        var leavers = await fixture.PersonalKeyAsync(leaving);
        var bound = (await fixture.As(leavers, admin.Workspace).PostAsync(
            "/v2/access/me/keys", $$"""{"name":"ci","workspace_id":"{{admin.Workspace}}"}""")).Expect(HttpStatusCode.Created).Text_("key")!;
        var disableds = await fixture.PersonalKeyAsync(disabled);
        foreach (var key in new[] { leavers, bound, disableds })
        {
            (await fixture.As(key, admin.Workspace).GetAsync("/v2/deployments")).Expect(HttpStatusCode.OK);
            Assert.True(await gateway.MayCallAsync(admin.Workspace, key, ControlHost.Cancel));
        }

        (await admin.DeleteAsync($"/v2/access/members/{leaving}")).Expect(HttpStatusCode.NoContent);
        (await fixture.Root.SendAsync(HttpMethod.Patch, $"/v2/access/users/{disabled}", """{"is_disabled":true}""")).Expect(HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, (await fixture.As(leavers, admin.Workspace).GetAsync("/v2/deployments")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await fixture.As(bound, admin.Workspace).GetAsync("/v2/deployments")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await fixture.As(disableds, admin.Workspace).GetAsync("/v2/deployments")).Status);
        foreach (var key in new[] { leavers, bound, disableds }) Assert.False(await gateway.MayCallAsync(admin.Workspace, key, ControlHost.Cancel));
    }

    [Fact]
    public async Task User_makes_own_keys_within_the_reach_of_the_key_and_sees_nobody_elses()
    {
        var (admin, other) = (await fixture.InNewAsync(), await fixture.InNewAsync());
        var (user, neighbour) = (await fixture.UserAsync(), await fixture.UserAsync());
        foreach (var api in new[] { admin, other }) (await fixture.JoinAsync(api, user, "viewer")).Expect(HttpStatusCode.OK);
        var theirs = await fixture.Root.PostAsync($"/v2/access/users/{neighbour}/keys", """{"name":"n"}""");
        var root = await fixture.Root.PostAsync($"/v2/access/users/{user}/keys", $$"""{"name":"b","workspace_id":"{{admin.Workspace}}"}""");
        var bound = fixture.As(root.Expect(HttpStatusCode.Created).Text_("key")!, admin.Workspace);

        var wide = await bound.PostAsync("/v2/access/me/keys", """{"name":"k"}""");
        var elsewhere = await bound.PostAsync("/v2/access/me/keys", $$"""{"name":"k","workspace_id":"{{other.Workspace}}"}""");
        var here = await bound.PostAsync("/v2/access/me/keys", $$"""{"name":"k","workspace_id":"{{admin.Workspace}}"}""");
        var role = await bound.PostAsync("/v2/access/me/keys", """{"name":"k","role":"admin"}""");
        var foreign = await bound.DeleteAsync($"/v2/access/me/keys/{theirs.Id}");
        var listed = await bound.GetAsync("/v2/access/me/keys");
        var service = await admin.GetAsync("/v2/access/me/keys");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.NotFound), (wide.Status, elsewhere.Status));
        here.Expect(HttpStatusCode.Created);
        Assert.Equal(["value_error body.role"], role.Expect(HttpStatusCode.UnprocessableEntity).Faults);
        Assert.Equal(HttpStatusCode.NotFound, foreign.Status);
        Assert.Equal([root.Id, here.Id], listed.Body.GetProperty("resources").EnumerateArray().Select(key => key.GetProperty("id").GetString()));
        Assert.Equal((HttpStatusCode.Forbidden, "A service key has no personal keys: they belong to users."), (service.Status, service.Detail));
    }

    [Fact]
    public async Task Nobody_gives_changes_or_takes_a_role_above_the_own_one()
    {
        var workspace = await fixture.WorkspaceAsync();
        var (admin, _) = await fixture.KeyAsync(fixture.Root, workspace, "admin");
        var (keeper, _) = await fixture.KeyAsync(fixture.Root, workspace, await fixture.RoleAsync(Permissions.ManageMembers, Permissions.ReadWorkspace, Permissions.UseOwnKeys,
            Permissions.Read, Permissions.ReadListeners, Permissions.ReadIntegrations, Permissions.ReadProviders, Permissions.UseTokens));
        var (chief, guest) = (await fixture.UserAsync(), await fixture.UserAsync());
        (await fixture.JoinAsync(admin, chief, "admin")).Expect(HttpStatusCode.OK);

        var promoted = await fixture.JoinAsync(keeper, guest, "admin");
        var demoted = await fixture.JoinAsync(keeper, chief, "viewer");
        var removed = await keeper.DeleteAsync($"/v2/access/members/{chief}");
        var invited = await fixture.JoinAsync(keeper, guest, "viewer");
        var unknown = await fixture.JoinAsync(keeper, Guid.NewGuid().ToString(), "viewer");

        Assert.All([promoted, demoted, removed], reply => Assert.Equal(HttpStatusCode.Forbidden, reply.Status));
        invited.Expect(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
        Assert.Equal(["admin", "viewer"], (await admin.GetAsync("/v2/access/members")).Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("role").GetString()));
    }

    [Fact]
    public async Task Administrator_of_the_organization_is_one_in_every_workspace_and_of_no_other_organization()
    {
        var admin = await fixture.InNewAsync();
        var user = await fixture.UserAsync("admin");
        var key = await fixture.PersonalKeyAsync(user);
        var bound = await fixture.Root.PostAsync($"/v2/access/users/{user}/keys", $$"""{"name":"b","workspace_id":"{{admin.Workspace}}"}""");
        using var client = fixture.Host.Client(key);
        client.DefaultRequestHeaders.Add("X-Tenant-Id", admin.Workspace.ToString());
        using var astray = fixture.Host.Client(key);
        astray.DefaultRequestHeaders.Add("X-Tenant-Id", Guid.NewGuid().ToString());

        var me = await new Api(fixture.Host, client, admin.Workspace).GetAsync("/v2/access/me");
        var within = fixture.As(bound.Expect(HttpStatusCode.Created).Text_("key")!, admin.Workspace);
        var nowhere = await new Api(fixture.Host, astray, admin.Workspace).GetAsync("/v2/access/me");

        Assert.Equal(Permissions.All.Where(one => one is not Permissions.ServeListener), me.Expect(HttpStatusCode.OK).Body.GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal(HttpStatusCode.Forbidden, nowhere.Status);
        Assert.Equal("admin", (await within.GetAsync("/v2/access/me")).Text_("role"));
        Assert.Equal(HttpStatusCode.Forbidden, (await within.PostAsync("/v2/access/users", """{"email":"x@corp.example"}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await within.PostAsync("/v2/access/me/keys", """{"name":"wide"}""")).Status);
        Assert.DoesNotContain(Permissions.ManageOrganization, (await admin.GetAsync("/v2/access/me")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_are_unique_by_email_and_bad_ones_are_422()
    {
        var first = await fixture.Root.PostAsync("/v2/access/users", """{"email":"Ann@corp.example"}""");
        var second = await fixture.Root.PostAsync("/v2/access/users", """{"email":"ann@corp.example","name":"Other"}""");
        var bad = await fixture.Root.PostAsync("/v2/access/users", """{"email":"nobody","organization_role":"emperor"}""");
        var subject = await fixture.Root.PostAsync("/v2/access/users", """{"email":"b@corp.example","subject":"s"}""");

        Assert.Equal("ann@corp.example", first.Expect(HttpStatusCode.Created).Text_("email"));
        Assert.Equal(HttpStatusCode.Conflict, second.Status);
        Assert.Equal(["value_error body.email", "enum body.organization_role"], bad.Expect(HttpStatusCode.UnprocessableEntity).Faults);
        Assert.Equal(HttpStatusCode.BadRequest, subject.Status);
        Assert.Single((await fixture.Root.GetAsync("/v2/access/users?email=ANN@corp.example")).Body.GetProperty("resources").EnumerateArray());
    }
}
