using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Access.Keys;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

public sealed class KeyTests(AccessFixture fixture) : IClassFixture<AccessFixture>
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Key_is_shown_once_listed_without_its_text_and_stops_working_at_once_when_revoked()
    {
        var admin = await fixture.InNewAsync();
        var (viewer, made) = await fixture.KeyAsync(admin, admin.Workspace, "viewer");
        var text = made.Text_("key")!;

        (await viewer.GetAsync("/v2/deployments")).Expect(HttpStatusCode.OK);
        var list = (await admin.GetAsync("/v2/access/keys")).Expect(HttpStatusCode.OK);
        (await admin.DeleteAsync($"/v2/access/keys/{made.Id}")).Expect(HttpStatusCode.NoContent);
        var after = await viewer.GetAsync("/v2/deployments");
        var again = await admin.DeleteAsync($"/v2/access/keys/{made.Id}");

        Assert.Matches("^lsv2_sk_[0-9a-f]{64}$", text);
        Assert.DoesNotContain(text, list.Text, StringComparison.Ordinal);
        Assert.Contains(list.Body.GetProperty("resources").EnumerateArray(), key => key.GetProperty("id").GetString() == made.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, after.Status);
        Assert.Equal((HttpStatusCode.NotFound, $"API key ID {made.Id} not found."), (again.Status, again.Detail));
        Assert.DoesNotContain(made.Id, (await admin.GetAsync("/v2/access/keys")).Text, StringComparison.Ordinal);
        Assert.False(await fixture.Host.WithDbAsync(db => db.ApiKeys.AnyAsync(row => row.Name.Contains(text) || row.Prefix.Contains(text), ControlHost.Cancel)));
    }

    [Theory]
    [InlineData("admin", "deployments:create")]
    [InlineData("editor", "deployments:create")]
    public async Task Key_holds_no_permission_that_its_maker_lacks(string role, string lacking)
    {
        var own = await fixture.RoleAsync(Permissions.ManageKeys, Permissions.Read);
        var (maker, _) = await fixture.KeyAsync(fixture.Root, await fixture.WorkspaceAsync(), own);

        var above = await maker.PostAsync("/v2/access/keys", $$"""{"name":"k","role":"{{role}}"}""");
        var same = await maker.PostAsync("/v2/access/keys", $$"""{"name":"k","role":"{{own}}"}""");

        Assert.Equal(HttpStatusCode.Forbidden, above.Status);
        Assert.Contains(lacking, above.Detail, StringComparison.Ordinal);
        same.Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Key_reaches_no_workspace_that_its_maker_does_not()
    {
        var admin = await fixture.InNewAsync();
        var other = await fixture.WorkspaceAsync();
        async Task<Reply> Make(string more) => await admin.PostAsync("/v2/access/keys", $$"""{"name":"k","role":"viewer",{{more}}}""");

        var foreign = await Make($"\"workspace_id\":\"{other}\"");
        var unknown = await Make("\"workspace_id\":\"0193aaaa-0000-7000-8000-000000000000\"");
        var wide = await Make("\"scope\":\"organization\"");
        var managing = await Make("\"is_organization_admin\":true");

        Assert.Equal((HttpStatusCode.NotFound, $"Workspace ID {other} not found."), (foreign.Status, foreign.Detail));
        Assert.Equal((HttpStatusCode.NotFound, "Workspace ID 0193aaaa-0000-7000-8000-000000000000 not found."), (unknown.Status, unknown.Detail));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (wide.Status, managing.Status));
        var rows = await fixture.Host.WithDbAsync(db => db.ApiKeys.CountAsync(row => row.WorkspaceId == admin.Workspace.Value, ControlHost.Cancel));
        Assert.Equal(1, rows);
    }

    [Fact]
    public async Task Key_ends_no_later_than_the_one_that_makes_it()
    {
        var end = Now.AddHours(2);
        var (maker, _) = await fixture.KeyAsync(fixture.Root, await fixture.WorkspaceAsync(), "admin", $",\"expires_at\":\"{end:O}\"");
        async Task<Reply> Make(string more) => await maker.PostAsync("/v2/access/keys", $$"""{"name":"k","role":"viewer"{{more}}}""");

        var silent = await Make("");
        var later = await Make($",\"expires_at\":\"{end.AddSeconds(5):O}\"");
        var sooner = await Make($",\"expires_at\":\"{end.AddHours(-1):O}\"");
        var past = await Make($",\"expires_at\":\"{end.AddHours(-3):O}\"");
        var nonsense = await Make(",\"expires_at\":\"tomorrow\"");

        Assert.Equal(end.ToUnixTimeMilliseconds(), DateTimeOffset.Parse(silent.Expect(HttpStatusCode.Created).Text_("expires_at")!).ToUnixTimeMilliseconds());
        Assert.Equal(HttpStatusCode.Forbidden, later.Status);
        sooner.Expect(HttpStatusCode.Created);
        Assert.Equal((HttpStatusCode.BadRequest, "expires_at has passed already."), (past.Status, past.Detail));
        Assert.Equal(["datetime_from_date_parsing body.expires_at"], nonsense.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Organization_key_needs_the_workspace_and_makes_others_of_its_kind()
    {
        var narrow = await fixture.InNewAsync();
        var made = await fixture.Root.PostAsync("/v2/access/keys", """{"name":"wide","role":"admin","scope":"organization"}""");
        using var client = fixture.Host.Client(made.Expect(HttpStatusCode.Created).Text_("key"));
        var wide = new Api(fixture.Host, client, narrow.Workspace);

        var unnamed = await wide.GetAsync("/v2/access/me");
        client.DefaultRequestHeaders.Add("X-Tenant-Id", narrow.Workspace.ToString());
        var named = await wide.GetAsync("/v2/access/me");
        var child = await wide.PostAsync("/v2/access/keys", """{"name":"k","role":"editor","scope":"organization"}""");
        var refused = await narrow.PostAsync("/v2/access/keys", """{"name":"k","role":"viewer","scope":"organization"}""");

        Assert.Equal(HttpStatusCode.Forbidden, unnamed.Status);
        Assert.Contains("requires workspace specification", unnamed.Detail, StringComparison.Ordinal);
        Assert.Equal(narrow.Workspace.ToString(), named.Expect(HttpStatusCode.OK).Text_("workspace_id"));
        child.Expect(HttpStatusCode.Created);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
    }

    [Fact]
    public async Task Nobody_revokes_a_key_that_may_more()
    {
        var workspace = await fixture.WorkspaceAsync();
        var (_, managing) = await fixture.KeyAsync(fixture.Root, workspace, "viewer", ",\"is_organization_admin\":true");
        var (admin, adminMade) = await fixture.KeyAsync(fixture.Root, workspace, "admin");
        var (keeper, _) = await fixture.KeyAsync(fixture.Root, workspace, await fixture.RoleAsync(Permissions.ManageKeys));

        Assert.Equal(HttpStatusCode.Forbidden, (await admin.DeleteAsync($"/v2/access/keys/{managing.Id}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await keeper.DeleteAsync($"/v2/access/keys/{adminMade.Id}")).Status);
        (await admin.GetAsync("/v2/access/me")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Foreign_keys_are_neither_listed_nor_revoked()
    {
        var (mine, theirs) = (await fixture.InNewAsync(), await fixture.InNewAsync());
        var (their, made) = await fixture.KeyAsync(theirs, theirs.Workspace, "viewer");

        Assert.DoesNotContain(made.Id, (await mine.GetAsync("/v2/access/keys?limit=100")).Expect(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await mine.DeleteAsync($"/v2/access/keys/{made.Id}")).Status);
        (await their.GetAsync("/v2/deployments")).Expect(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"role":"viewer"}""", "missing body.name")]
    [InlineData("""{"name":"k"}""", "missing body.role")]
    [InlineData("""{"name":"  ","role":"viewer"}""", "value_error body.name")]
    [InlineData("""{"name":"a\nb","role":"viewer"}""", "value_error body.name")]
    [InlineData("""{"name":"k","role":"viewer","scope":"galaxy"}""", "enum body.scope")]
    [InlineData("""{"name":"k","role":"viewer","workspace_id":"x"}""", "uuid_parsing body.workspace_id")]
    [InlineData("""{"name":7,"role":[]}""", "string_type body.name,string_type body.role")]
    public async Task Faults_of_shape_are_answered_all_at_once(string body, string faults)
    {
        var reply = await fixture.Root.PostAsync("/v2/access/keys", body);

        Assert.Equal(faults, string.Join(',', reply.Expect(HttpStatusCode.UnprocessableEntity).Faults));
    }

    [Fact]
    public async Task Unknown_role_is_refused_and_so_is_one_key_too_many()
    {
        var admin = await fixture.InNewAsync();
        var unknown = await admin.PostAsync("/v2/access/keys", """{"name":"k","role":"king"}""");
        var organization = await fixture.Host.WithDbAsync(db => db.Organizations.Select(row => row.Id).FirstAsync(ControlHost.Cancel));
        await fixture.Host.WithDbAsync(db =>
        {
            for (var number = 1; number < CreateKey.MaxServiceKeys; number++)
            {
                db.ApiKeys.Add(new ApiKeyRow
                {
                    Id = Guid.NewGuid(),
                    OrganizationId = organization,
                    WorkspaceId = admin.Workspace.Value,
                    Name = "n",
                    Hash = Guid.NewGuid().ToByteArray(),
                    Prefix = "",
                    Role = "viewer",
                });
            }

            return db.SaveChangesAsync(ControlHost.Cancel);
        });

        var full = await admin.PostAsync("/v2/access/keys", """{"name":"k","role":"viewer"}""");

        Assert.StartsWith("There is no role 'king'", unknown.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.StartsWith("There are 1000 keys already", full.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Last_use_is_noted_and_written_once_a_minute()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Now);
        await using var host = await ControlHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(clock));
        var use = host.Services.GetRequiredService<KeyUse>();
        Task<DateTimeOffset?> Used() => host.WithDbAsync(db => db.ApiKeys.Select(row => row.LastUsedAt).SingleAsync(ControlHost.Cancel));
        async Task UseAsync()
        {
            using var client = host.Client();
            (await client.GetAsync("/v2/access/me", ControlHost.Cancel)).EnsureSuccessStatusCode();
            await use.WriteAsync(ControlHost.Cancel);
        }

        var before = await Used();
        await UseAsync();
        var first = await Used();
        clock.Advance(TimeSpan.FromSeconds(59));
        await UseAsync();
        var soon = await Used();
        clock.Advance(TimeSpan.FromSeconds(1));
        await UseAsync();
        var later = await Used();

        Assert.Null(before);
        Assert.Equal(first, soon);
        Assert.Equal(first + TimeSpan.FromMinutes(1), later);
    }
}
