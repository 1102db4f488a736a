using System.Net;
using Pilothouse.Control.Access;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class DeploymentTagTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Every_answer_carries_the_tag_that_a_read_has()
    {
        var api = await fixture.NewAsync();

        var created = await api.CreateExternalAsync();
        var read = await TagAsync(api, created.Id);
        var patched = await api.PatchAsync(created.Id, """{"secrets":[{"name":"A","value":"1"}]}""");
        var readPatched = await TagAsync(api, created.Id);
        var redeployed = await api.PostAsync($"/v2/deployments/{created.Id}/revisions/{created.Text_("latest_revision_id")}/redeploy");
        var readRedeployed = await TagAsync(api, created.Id);

        Assert.Equal([read, readPatched, readRedeployed], [Tag(created), Tag(patched), Tag(redeployed)]);
        Assert.Equal(3, new[] { read, readPatched, readRedeployed }.Distinct().Count());
        Assert.All([read, readPatched, readRedeployed], tag => Assert.Matches("^\"[0-9a-f]{32}\"$", tag));
    }

    [Fact]
    public async Task Each_change_that_a_reader_sees_gives_another_tag_and_none_gives_the_same()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;
        var tags = new List<string> { await TagAsync(api, id) };
        Action<Control.Storage.DeploymentRow>[] changes =
        [
            row => row.Status = DeploymentStatus.Unused,
            row => row.ActiveRevisionId = row.LatestRevisionId,
            row => row.ImageVersion = "0.1",
            row => row.UpdatedAt = row.UpdatedAt.AddMilliseconds(1),
            row => row.SecretNames = """["B"]""",
            row => row.Name = "other",
        ];

        foreach (var change in changes)
        {
            await api.ChangeAsync(id, change);
            tags.Add(await TagAsync(api, id));
        }

        Assert.Equal(tags.Count, tags.Distinct().Count());
        Assert.Equal(tags[^1], await TagAsync(api, id));
    }

    [Theory]
    [InlineData("{0}", 304)]
    [InlineData("W/{0}", 304)]
    [InlineData("\"x\", {0}", 304)]
    [InlineData("*", 304)]
    [InlineData("\"x\"", 200)]
    [InlineData("no tag", 200)]
    public async Task Reader_who_has_it_gets_304(string header, int status)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var tag = await TagAsync(api, id);

        var reply = await api.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}", null, ("If-None-Match", string.Format(header, tag)));

        Assert.Equal((status, tag), ((int)reply.Status, Tag(reply)));
        Assert.Equal(status == 304, reply.Text.Length == 0);
    }

    [Theory]
    [InlineData("{0}", true)]
    [InlineData("\"x\", {0}", true)]
    [InlineData("*", true)]
    [InlineData("W/{0}", false)]
    [InlineData("\"x\"", false)]
    [InlineData("no tag", false)]
    public async Task Change_on_condition_happens_only_while_it_holds(string header, bool holds)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var tag = await TagAsync(api, id);
        var condition = ("If-Match", string.Format(header, tag));

        var patched = await api.SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", """{"secrets":[{"name":"A","value":"1"}]}""", condition);
        if (holds) condition = ("If-Match", Tag(patched));
        var deleted = await api.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}", null, condition);

        var row = await api.RowAsync(id);
        if (holds)
        {
            patched.Expect(HttpStatusCode.OK);
            deleted.Expect(HttpStatusCode.NoContent);
            Assert.Equal(DeploymentStatus.AwaitingDelete, row.Status);
            return;
        }

        Assert.Contains("Read it again", patched.Expect(HttpStatusCode.PreconditionFailed).Detail, StringComparison.Ordinal);
        deleted.Expect(HttpStatusCode.PreconditionFailed);
        Assert.Equal((DeploymentStatus.Ready, "[]"), (row.Status, row.SecretNames));
        Assert.Equal(tag, await TagAsync(api, id));
    }

    [Fact]
    public async Task Of_many_who_read_the_same_one_may_change_it()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;
        var tag = await TagAsync(api, id);

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(number => api.SendAsync(
            HttpMethod.Patch, $"/v2/deployments/{id}", $$"""{"secrets":[{"name":"A","value":"{{number}}"}]}""", ("If-Match", tag))));

        Assert.Single(replies, reply => reply.Status == HttpStatusCode.OK);
        Assert.Equal(9, replies.Count(reply => reply.Status == HttpStatusCode.PreconditionFailed));
        Assert.Equal(2, (await api.RevisionsAsync(id)).Count);
    }

    [Fact]
    public async Task Condition_tells_strangers_nothing_and_wins_over_no_permission()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var stranger = await fixture.NewAsync();
        var viewer = await api.AsAsync(Roles.Viewer);

        var foreign = await stranger.SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", "{}", ("If-Match", "\"x\""));
        var refused = await viewer.SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", "{}", ("If-Match", "\"x\""));

        foreign.Expect(HttpStatusCode.NotFound);
        refused.Expect(HttpStatusCode.Forbidden);
    }

    private static async Task<string> TagAsync(Api api, string deployment) => Tag(await api.GetAsync($"/v2/deployments/{deployment}"));

    private static string Tag(Reply reply) => reply.Headers.ETag!.ToString();
}
