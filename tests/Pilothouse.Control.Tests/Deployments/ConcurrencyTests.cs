using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Reconciling;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class ConcurrencyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Simultaneous_patches_make_a_revision_each_with_a_number_of_its_own()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;

        var replies = await Task.WhenAll(Enumerable.Range(2, 12).Select(
            at => api.PatchAsync(id, $$$"""{"source_revision_config":{"image_uri":"r.corp/a:{{{at}}}"}}""")));

        Assert.All(replies, reply => reply.Expect(HttpStatusCode.OK));
        var rows = await api.Host.WithDbAsync(
            db => db.Revisions.AsNoTracking().Where(row => row.DeploymentId == Guid.Parse(id)).OrderBy(row => row.Number).ToListAsync(ControlHost.Cancel));
        Assert.Equal(Enumerable.Range(1, 13), rows.Select(row => row.Number));
        Assert.Equal(rows.OrderBy(row => row.CreatedAt).Select(row => row.Id), rows.Select(row => row.Id));
        Assert.Equal(12, replies.Select(reply => reply.Text_("latest_revision_id")).Distinct().Count());
        Assert.Equal(rows[^1].Id, (await api.RowAsync(id)).LatestRevisionId);

        // Each answer shows what it wrote itself.
        var images = rows.ToDictionary(row => row.Id.ToString(), row => row.SourceRevisionConfig);
        Assert.All(replies, reply => Assert.Contains(
            reply.Text_("source_revision_config", "image_uri")!, images[reply.Text_("latest_revision_id")!], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Simultaneous_creations_under_one_name_leave_one()
    {
        var api = await fixture.NewAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.PostAsync("/v2/deployments", Bodies.External("app"))));

        Assert.Single(replies, reply => reply.Status == HttpStatusCode.Created);
        Assert.Equal(7, replies.Count(reply => reply.Status == HttpStatusCode.Conflict));
        Assert.Single((await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").EnumerateArray());
    }

    [Fact]
    public async Task What_somebody_else_wrote_in_between_undoes_the_attempt_and_it_is_made_again()
    {
        var api = await fixture.NewAsync();
        var id = Guid.Parse((await api.CreateExternalAsync()).Id);
        var transactions = api.Host.Services.GetRequiredService<DeploymentTransactions>();
        var store = api.Host.Services.GetRequiredService<DeploymentStore>();
        var attempts = 0;

        var outcome = await transactions.RunAsync<Guid>(
            api.Workspace,
            id,
            async (db, row) =>
            {
                if (++attempts < 3) await db.Deployments.Where(other => other.Id == id).ExecuteUpdateAsync(set => set.SetProperty(other => other.Generation, 99), ControlHost.Cancel);
                return await store.WantDeletedAsync(db, row, ControlHost.Cancel) ? row.Id : null;
            },
            ControlHost.Cancel);

        Assert.True(outcome.IsAccepted);
        Assert.Equal(3, attempts);
        Assert.Equal(1, (await api.RowAsync(id.ToString())).Generation);
    }

    [Fact]
    public async Task Endless_collisions_end_as_a_conflict_and_leave_nothing()
    {
        var api = await fixture.NewAsync();
        var made = await api.CreateExternalAsync();
        var id = Guid.Parse(made.Id);
        var transactions = api.Host.Services.GetRequiredService<DeploymentTransactions>();

        var outcome = await transactions.RunAsync<Guid>(
            api.Workspace,
            id,
            async (db, row) =>
            {
                await db.Deployments.Where(other => other.Id == id).ExecuteUpdateAsync(set => set.SetProperty(other => other.Name, "taken"), ControlHost.Cancel);
                return null;
            },
            ControlHost.Cancel);

        Assert.Equal(Contracts.Codes.Conflict, outcome.Rejection?.Code);
        Assert.Equal("app", (await api.RowAsync(made.Id)).Name);
    }

    [Fact]
    public async Task Loops_are_woken_after_the_commit()
    {
        var api = await fixture.NewAsync();
        var signals = api.Host.Services.GetRequiredService<ControlSignals>();
        var heard = new List<(DeploymentId Deployment, int Number)>();
        void Hear(DeploymentId deployment)
        {
            // What is heard can be read at once, through another connection.
            using var db = api.Host.Services.GetRequiredService<IDbContextFactory<Control.Storage.PilothouseDb>>().CreateDbContext();
            if (db.Deployments.AsNoTracking().SingleOrDefault(row => row.Id == deployment.Value && row.WorkspaceId == api.Workspace.Value) is { } row)
                lock (heard) heard.Add((deployment, row.NextRevisionNumber - 1));
        }

        signals.Changed += Hear;
        var id = (await api.CreateExternalAsync()).Id;
        await api.PatchAsync(id, """{"secrets":[{"name":"A","value":"1"}]}""");
        signals.Changed -= Hear;

        var deployment = new DeploymentId(Guid.Parse(id));
        Assert.Equal([(deployment, 1), (deployment, 2)], heard);
    }

    [Fact]
    public async Task Full_queue_is_429_with_a_time_and_has_room_again_later()
    {
        await using var host = await ControlHost.StartAsync(new Dictionary<string, string?> { ["Deployments:MaxQueuedRevisions"] = "3" });
        var api = await Api.InNewWorkspaceAsync(host);
        var made = await api.CreateExternalAsync();
        for (var at = 0; at < 2; at++) (await api.PostAsync($"/v2/deployments/{made.Id}/revisions")).Expect(HttpStatusCode.Created);

        Reply[] full =
        [
            await api.PatchAsync(made.Id, """{"secrets":[]}"""),
            await api.PostAsync($"/v2/deployments/{made.Id}/revisions"),
            await api.PostAsync($"/v2/deployments/{made.Id}/revisions/{made.Text_("latest_revision_id")}/redeploy"),
        ];
        (await api.PatchAsync(made.Id, """{"source_config":{"custom_url":"https://a.corp"}}""")).Expect(HttpStatusCode.OK);
        await api.SetStatusAsync(made.Text_("latest_revision_id")!, RevisionStatus.AwaitingDeploy);
        var later = await api.PatchAsync(made.Id, """{"secrets":[]}""");

        Assert.All(full, reply =>
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, reply.Status);
            Assert.NotNull(reply.Headers.RetryAfter);
            Assert.StartsWith("3 revisions of deployment ID", reply.Detail, StringComparison.Ordinal);
        });
        later.Expect(HttpStatusCode.OK);
    }
}
