using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Testing.Listeners;

/// <summary>What every <see cref="IListenerProtocol"/> must do; the fake and each implementation pass the same suite.</summary>
public abstract class ListenerProtocolContractTests : IAsyncLifetime
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract IListenerProtocol Protocol { get; }

    protected abstract Guid Listener { get; }

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>A new deployment with a first revision that is to be brought up.</summary>
    protected abstract Task<Guid> WantAsync();

    /// <summary>A newer revision is to be brought up now; its id.</summary>
    protected abstract Task<Guid> WantNextAsync(Guid deployment);

    protected abstract Task DeleteAsync(Guid deployment);

    protected abstract Task<RevisionStatus> StatusAsync(Guid revision);

    protected abstract Task<IReadOnlyList<string>> EventKeysAsync(Guid deployment);

    protected abstract Task<IReadOnlyList<string>> LogMessagesAsync(Guid revision);

    [Fact]
    public async Task Cursor_0_answers_everything()
    {
        var empty = await PullAsync(0);
        var first = await WantAsync();
        var second = await WantAsync();

        var answer = await PullAsync(0);

        Assert.True(empty.IsFull);
        Assert.Empty(empty.Deployments);
        Assert.True(answer.IsFull);
        Assert.Equal(new HashSet<Guid> { first, second }, answer.Deployments.Select(wanted => wanted.Id).ToHashSet());
        Assert.All(answer.Deployments, wanted => Assert.True(wanted is { Next: not null, Active: null, IsDeleted: false, Generation: > 0 }));
    }

    [Fact]
    public async Task News_after_an_empty_answer_are_told_and_told_once()
    {
        var empty = await PullAsync(0);
        var deployment = await WantAsync();

        var news = await PullAsync(empty.Cursor);
        var nothing = await PullAsync(news.Cursor);

        Assert.False(news.IsFull);
        Assert.Equal(deployment, Assert.Single(news.Deployments).Id);
        Assert.False(nothing.IsFull);
        Assert.Empty(nothing.Deployments);
        Assert.Equal(news.Cursor, nothing.Cursor);
    }

    [Fact]
    public async Task News_end_a_long_poll()
    {
        var cursor = (await PullAsync(0)).Cursor;
        var pull = PullAsync(cursor, waitSeconds: 30);
        Assert.False(pull.IsCompleted);

        var deployment = await WantAsync();

        Assert.Equal(deployment, Assert.Single((await pull.WaitAsync(Eventually.Limit, Cancel)).Deployments).Id);
    }

    [Fact]
    public async Task Cancelled_long_poll_ends()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var cursor = (await PullAsync(0)).Cursor;
        var pull = Protocol.PullAsync(new PullRequest(Listener, cursor, 30), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull.WaitAsync(Eventually.Limit, Cancel));
    }

    [Fact]
    public async Task Deployed_revision_becomes_the_active_one_and_repeating_it_changes_nothing()
    {
        var wanted = await FindAsync(await WantAsync());
        await ReportAsync(wanted, "deploying");
        Assert.Equal(RevisionStatus.Deploying, await StatusAsync(wanted.Next!.Id));

        await ReportAsync(wanted, "deployed");
        await ReportAsync(wanted, "deployed");
        await ReportAsync(wanted, "failed");

        Assert.Equal(RevisionStatus.Deployed, await StatusAsync(wanted.Next.Id));
        var after = await FindAsync(wanted.Id);
        Assert.Equal(wanted.Next.Id, after.Active?.Id);
        Assert.Null(after.Next);
        Assert.True(after.Generation > wanted.Generation);
    }

    [Fact]
    public async Task Report_of_an_older_generation_changes_no_status_and_its_events_are_kept()
    {
        var old = await FindAsync(await WantAsync());
        var newer = await WantNextAsync(old.Id);

        await ReportAsync(old, "deployed", events: [Happened("late-news")]);
        await ReportAsync(old with { Next = (await FindAsync(old.Id)).Next }, "deployed");

        Assert.NotEqual(RevisionStatus.Deployed, await StatusAsync(newer));
        Assert.Null((await FindAsync(old.Id)).Active);
        Assert.Equal(["late-news"], await EventKeysAsync(old.Id));
    }

    [Fact]
    public async Task Events_are_kept_once_by_their_key()
    {
        var wanted = await FindAsync(await WantAsync());

        await ReportAsync(wanted, "observed", events: [Happened("a"), Happened("b")]);
        await ReportAsync(wanted, "observed", events: [Happened("b"), Happened("c")]);

        Assert.Equal(["a", "b", "c"], await EventKeysAsync(wanted.Id));
        Assert.Equal(RevisionStatus.AwaitingDeploy, await StatusAsync(wanted.Next!.Id));
    }

    [Fact]
    public async Task Failed_revision_is_wanted_no_more_and_stays_failed()
    {
        var wanted = await FindAsync(await WantAsync());

        await ReportAsync(wanted, "failed");
        var after = await FindAsync(wanted.Id);
        await ReportAsync(after with { Next = wanted.Next }, "deployed");

        Assert.Null(after.Next);
        Assert.Equal(RevisionStatus.DeployFailed, await StatusAsync(wanted.Next!.Id));
    }

    [Fact]
    public async Task Late_revision_stays_wanted_and_its_success_counts()
    {
        var wanted = await FindAsync(await WantAsync());

        await ReportAsync(wanted, "failed", isLate: true);
        var late = await FindAsync(wanted.Id);
        Assert.Equal(RevisionStatus.DeployFailed, await StatusAsync(wanted.Next!.Id));
        await ReportAsync(wanted, "deployed");

        Assert.Equal((wanted.Next.Id, wanted.Generation), (late.Next?.Id, late.Generation));
        Assert.Equal(RevisionStatus.Deployed, await StatusAsync(wanted.Next.Id));
        Assert.Equal(wanted.Next.Id, (await FindAsync(wanted.Id)).Active?.Id);
    }

    [Fact]
    public async Task Late_revision_that_fails_after_all_is_wanted_no_more()
    {
        var wanted = await FindAsync(await WantAsync());
        await ReportAsync(wanted, "failed", isLate: true);

        await ReportAsync(wanted, "failed");

        Assert.Null((await FindAsync(wanted.Id)).Next);
        Assert.Equal(RevisionStatus.DeployFailed, await StatusAsync(wanted.Next!.Id));
    }

    [Fact]
    public async Task Newer_revision_takes_the_place_of_a_late_one()
    {
        var wanted = await FindAsync(await WantAsync());
        await ReportAsync(wanted, "failed", isLate: true);

        var newer = await WantNextAsync(wanted.Id);
        var after = await FindAsync(wanted.Id);
        await ReportAsync(after with { Next = wanted.Next }, "deployed");

        Assert.Equal(newer, after.Next?.Id);
        Assert.Equal(RevisionStatus.DeployFailed, await StatusAsync(wanted.Next!.Id));
        Assert.Null((await FindAsync(wanted.Id)).Active);
    }

    [Fact]
    public async Task Deleted_deployment_is_named_until_its_end_is_reported()
    {
        var wanted = await FindAsync(await WantAsync());
        await ReportAsync(wanted, "deleted");
        Assert.Equal(wanted.Id, (await FindAsync(wanted.Id)).Id);

        await DeleteAsync(wanted.Id);
        var deleted = await FindAsync(wanted.Id);
        await ReportAsync(wanted, "deleted");
        var stillThere = await FindAsync(wanted.Id);
        await ReportAsync(deleted, "deleted");
        await ReportAsync(deleted, "deleted");

        Assert.True(deleted is { IsDeleted: true });
        Assert.True(stillThere.IsDeleted);
        Assert.Empty((await PullAsync(0)).Deployments);
    }

    [Fact]
    public async Task Batch_of_log_lines_that_comes_twice_is_kept_once()
    {
        var wanted = await FindAsync(await WantAsync());
        var first = Batch(wanted, "one", "two");
        var second = Batch(wanted, "three");

        await Protocol.SendLogsAsync(first, Cancel);
        await Protocol.SendLogsAsync(second, Cancel);
        await Protocol.SendLogsAsync(first, Cancel);

        Assert.Equal(["one", "two", "three"], await LogMessagesAsync(wanted.Next!.Id));
    }

    protected Task<PullAnswer> PullAsync(long cursor, int waitSeconds = 0) => Protocol.PullAsync(new PullRequest(Listener, cursor, waitSeconds), Cancel);

    /// <summary>As the listener hears of it.</summary>
    protected async Task<WantedDeployment> FindAsync(Guid deployment) =>
        Assert.Single((await PullAsync(0)).Deployments, wanted => wanted.Id == deployment);

    private Task ReportAsync(WantedDeployment wanted, string phase, bool isLate = false, IReadOnlyList<ReportedEvent>? events = null) =>
        Protocol.ReportAsync(
            new DeploymentReport
            {
                ListenerId = Listener,
                DeploymentId = wanted.Id,
                Generation = wanted.Generation,
                RevisionId = phase is "deleted" ? null : wanted.Next?.Id,
                Phase = phase,
                Message = phase is "failed" ? "It did not become healthy." : null,
                IsLate = isLate,
                Events = events ?? [],
            },
            Cancel);

    private static ReportedEvent Happened(string key) => new(key, TimeProvider.System.GetUtcNow(), "test", "Something happened.", Data: null);

    private LogBatch Batch(WantedDeployment wanted, params string[] messages) => new(
        Listener,
        Guid.CreateVersion7(),
        [.. messages.Select(message => new ReportedLog(
            wanted.WorkspaceId, wanted.Id, wanted.Next!.Id, TimeProvider.System.GetUtcNow(), "INFO", message))]);
}
