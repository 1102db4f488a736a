using System.Net;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Deployments;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners.Remote;

/// <summary>Of several instances of a listener one leads, and what another one says is refused.</summary>
public sealed class LeadTests : IAsyncLifetime
{
    private static readonly TimeSpan s_longestTakeover = TimeSpan.FromSeconds(15);

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private RemoteWorld _world = null!;

    private static CancellationToken Cancel => ControlHost.Cancel;

    public async ValueTask InitializeAsync() => _world = await RemoteWorld.StartAsync(clock: _clock);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Second_instance_stands_by_and_takes_over_within_15_s_of_the_firsts_last_word()
    {
        using var second = _world.Connect(_world.Key);
        var instance = Guid.NewGuid();
        var standsBy = await RemoteWorld.LeadAsync(second, instance);
        await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 25), Cancel);

        var waited = TimeSpan.Zero;
        LeadAnswer answer;
        while ((answer = await RemoteWorld.LeadAsync(second, instance)).Lease is null)
        {
            _clock.Advance(TimeSpan.FromSeconds(answer.RetrySeconds));
            waited += TimeSpan.FromSeconds(answer.RetrySeconds);
        }

        Assert.Null(standsBy.Lease);
        Assert.InRange(waited, TimeSpan.FromSeconds(2), s_longestTakeover);
    }

    [Fact]
    public async Task What_the_first_says_after_that_is_refused_and_changes_nothing()
    {
        var deployment = await _world.WantAsync();
        var wanted = Assert.Single((await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel)).Deployments);
        using var second = _world.Connect(_world.Key);
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.NotNull((await RemoteWorld.LeadAsync(second)).Lease);

        await Assert.ThrowsAsync<ListenerSupersededException>(() => _world.Connection.ReportAsync(Report(wanted), Cancel));
        await Assert.ThrowsAsync<ListenerSupersededException>(() => _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel));
        await Assert.ThrowsAsync<ListenerSupersededException>(() => _world.Connection.SendLogsAsync(new LogBatch(_world.Listener, Guid.NewGuid(), []), Cancel));

        Assert.Null((await _world.Control.DeploymentRowAsync(deployment)).ActiveRevisionId);
        await second.ReportAsync(Report(wanted), Cancel);
        Assert.Equal(wanted.Next!.Id, (await _world.Control.DeploymentRowAsync(deployment)).ActiveRevisionId);
    }

    [Fact]
    public async Task Standby_ends_the_leaders_long_pull_and_makes_the_next_ones_short()
    {
        var cursor = (await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel)).Cursor;
        var pull = _world.Connection.PullAsync(new PullRequest(_world.Listener, cursor, 60), Cancel);
        using var second = _world.Connect(_world.Key);

        // Whether the pull waits already cannot be seen from here; each time that somebody asks wakes it.
        await Eventually.ReadAsync(
            async () =>
            {
                Assert.Null((await RemoteWorld.LeadAsync(second)).Lease);
                return pull.IsCompleted;
            },
            isCompleted => isCompleted);

        Assert.Empty((await pull).Deployments);
    }

    [Fact]
    public async Task Instance_that_comes_back_has_its_lease_at_once_under_a_higher_number()
    {
        var instance = Guid.NewGuid();
        _clock.Advance(TimeSpan.FromMinutes(2));
        using var first = _world.Connect(_world.Key);
        var before = (await RemoteWorld.LeadAsync(first, instance)).Lease;
        using var again = _world.Connect(_world.Key);

        var after = (await RemoteWorld.LeadAsync(again, instance)).Lease;

        Assert.True(after > before);
        await Assert.ThrowsAsync<ListenerSupersededException>(() => first.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel));
    }

    [Fact]
    public async Task Instance_that_resigns_is_followed_at_once()
    {
        using var second = _world.Connect(_world.Key);
        Assert.Null((await RemoteWorld.LeadAsync(second)).Lease);

        await _world.Connection.ResignAsync(Cancel);

        Assert.NotNull((await RemoteWorld.LeadAsync(second)).Lease);
    }

    [Fact]
    public async Task What_it_says_of_itself_is_shown_and_its_agents_have_its_gateways_address()
    {
        var deployment = await _world.WantAsync();
        using var moved = _world.Connect(_world.Key);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await RemoteWorld.LeadAsync(moved, gateway: "https://agents.corp");

        var listener = (await _world.Api.GetAsync($"/v2/listeners/{_world.Listener}")).Expect(HttpStatusCode.OK);
        var url = (await _world.Api.GetAsync($"/v2/deployments/{deployment}")).Text_("source_config", "custom_url");

        Assert.Equal(("9.9", "https://agents.corp"), (listener.Text_("version"), listener.Text_("gateway_url")));
        Assert.NotNull(listener.Text_("last_seen_at"));
        Assert.StartsWith("https://agents.corp/lgp/d-", url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_makes_its_deployments_unknown_until_it_is_heard_again()
    {
        var deployment = await _world.WantAsync();
        var silent = _world.Control.Host.Services.GetService(typeof(Control.Listeners.SilentListeners)) as Control.Listeners.SilentListeners;
        await silent!.ReconcileAsync("listeners", Cancel);
        var before = (await _world.Control.DeploymentRowAsync(deployment)).Status;

        _clock.Advance(TimeSpan.FromMinutes(3));
        await silent.ReconcileAsync("listeners", Cancel);
        var meanwhile = (await _world.Api.GetAsync($"/v2/deployments/{deployment}")).Text_("status");
        await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel);
        await silent.ReconcileAsync("listeners", Cancel);

        Assert.Equal((DeploymentStatus.Ready, "UNKNOWN"), (before, meanwhile));
        Assert.Equal(DeploymentStatus.Ready, (await _world.Control.DeploymentRowAsync(deployment)).Status);
    }

    private DeploymentReport Report(WantedDeployment wanted) => new()
    {
        ListenerId = _world.Listener,
        DeploymentId = wanted.Id,
        Generation = wanted.Generation,
        RevisionId = wanted.Next!.Id,
        Phase = "deployed",
    };
}
