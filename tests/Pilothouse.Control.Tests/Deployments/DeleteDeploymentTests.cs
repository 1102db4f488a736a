using System.Net;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class DeleteDeploymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Deletion_is_accepted_hides_it_from_lists_and_tells_the_listener()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;
        var before = await api.RowAsync(id);

        var reply = await api.DeleteAsync($"/v2/deployments/{id}?delete_tracing_project=true");

        Assert.Equal((HttpStatusCode.NoContent, ""), (reply.Status, reply.Text));
        var after = await api.RowAsync(id);
        Assert.Equal(DeploymentStatus.AwaitingDelete, after.Status);
        Assert.Equal(before.Generation + 1, after.Generation);
        Assert.True(after.ChangedAt > before.ChangedAt);
        Assert.Empty((await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").EnumerateArray());
        Assert.Empty((await api.GetAsync("/v2/deployments?name=app")).Body.GetProperty("resources").EnumerateArray());
        Assert.Single((await api.GetAsync("/v2/deployments?status=AWAITING_DELETE")).Body.GetProperty("resources").EnumerateArray());
        Assert.Equal("AWAITING_DELETE", (await api.GetAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Single(await api.RevisionsAsync(id));
    }

    [Fact]
    public async Task Repeated_deletion_changes_nothing_more()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        (await api.DeleteAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.NoContent);
        var generation = (await api.RowAsync(id)).Generation;
        (await api.DeleteAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(generation, (await api.RowAsync(id)).Generation);
    }

    [Fact]
    public async Task Force_is_the_second_step_and_forgets_all()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync(secrets: """[{"name":"A","value":"1"}]""")).Id;
        await api.PatchAsync(id, """{"source_revision_config":{"image_uri":"r.corp/a:2"},"secrets":[]}""");

        var early = await api.DeleteAsync($"/v2/deployments/{id}?force=true");
        (await api.DeleteAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.NoContent);
        (await api.DeleteAsync($"/v2/deployments/{id}?force=true")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(
            (HttpStatusCode.BadRequest, $"Deployment ID {id} was not deleted before: delete it without 'force' first."), (early.Status, early.Detail));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/v2/deployments/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.DeleteAsync($"/v2/deployments/{id}?force=true")).Status);
        var deployment = Guid.Parse(id);
        Assert.Equal(0, await api.Host.WithDbAsync(db => db.Revisions.CountAsync(row => row.DeploymentId == deployment, ControlHost.Cancel)));
        Assert.Equal(0, await api.Host.WithDbAsync(db => db.Events.CountAsync(row => row.DeploymentId == deployment, ControlHost.Cancel)));
    }

    [Theory]
    [InlineData("/v2/deployments/0193aaaa-0000-7000-8000-000000000000", HttpStatusCode.NotFound)]
    [InlineData("/v2/deployments/0193aaaa-0000-7000-8000-000000000000?force=true", HttpStatusCode.NotFound)]
    [InlineData("/v2/deployments/nonsense", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/v2/deployments/0193aaaa-0000-7000-8000-000000000000?force=perhaps", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/v2/deployments", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/v2/deployments?deployment_ids=nonsense", HttpStatusCode.UnprocessableEntity)]
    public async Task Unknown_ids_and_bad_parameters(string path, HttpStatusCode status)
    {
        var api = await fixture.NewAsync();

        var reply = await api.DeleteAsync(path);

        reply.Expect(status);
        if (status == HttpStatusCode.NotFound) Assert.Equal("Deployment ID 0193aaaa-0000-7000-8000-000000000000 not found.", reply.Detail);
    }

    [Fact]
    public async Task Many_at_once_are_200_when_all_went_207_when_some_did_and_404_when_none_did()
    {
        var api = await fixture.NewAsync();
        var one = await api.CreateAsync("one");
        var two = await api.CreateAsync("two");
        var three = await api.CreateAsync("three");
        var unknown = Guid.NewGuid();

        var all = await api.DeleteAsync($"/v2/deployments?deployment_ids={one}&deployment_ids={two}&deployment_ids={one}");
        var some = await api.DeleteAsync($"/v2/deployments?deployment_ids={three}&deployment_ids={unknown}");
        var none = await api.DeleteAsync($"/v2/deployments?deployment_ids={unknown}");

        Assert.Equal((HttpStatusCode.OK, $$"""{"deleted":["{{one}}","{{two}}"],"failed":[]}"""), (all.Status, all.Text));
        Assert.Equal(
            (HttpStatusCode.MultiStatus,
                $$"""{"deleted":["{{three}}"],"failed":[{"id":"{{unknown}}","detail":"Deployment ID {{unknown}} not found."}]}"""),
            (some.Status, some.Text));
        Assert.Equal((HttpStatusCode.NotFound, $"Deployment ID {unknown} not found."), (none.Status, none.Detail));
        Assert.Empty((await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").EnumerateArray());
    }

    [Fact]
    public async Task At_most_a_hundred_at_once()
    {
        var api = await fixture.NewAsync();
        var mine = await api.CreateAsync();
        string Query(int count) => $"/v2/deployments?deployment_ids={mine}&{string.Join('&', Enumerable.Range(1, count - 1).Select(_ => $"deployment_ids={Guid.NewGuid()}"))}";

        var tooMany = await api.DeleteAsync(Query(101));
        var most = await api.DeleteAsync(Query(100));

        Assert.Equal(["too_long query.deployment_ids"], tooMany.Expect(HttpStatusCode.UnprocessableEntity).Faults);
        Assert.Single(most.Expect(HttpStatusCode.MultiStatus).Body.GetProperty("deleted").EnumerateArray());
    }
}
