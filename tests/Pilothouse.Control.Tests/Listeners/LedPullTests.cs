using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>Pulls of listeners elsewhere: what ends them, what they write, and what they read.</summary>
public sealed class LedPullTests : IAsyncLifetime
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_aMoment = TimeSpan.FromMilliseconds(300);

    private ControlWorld _world = null!;

    private static CancellationToken Cancel => ControlHost.Cancel;

    public async ValueTask InitializeAsync() => _world = await ControlWorld.StartAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Wake_without_news_goes_on_waiting_and_news_are_answered()
    {
        var (listener, lease) = await LedAsync();
        var deployment = await _world.DeploymentAsync(listener: listener);
        var cursor = (await PullAsync(listener, lease, cursor: 0)).Cursor;

        var pull = PullAsync(listener, lease, cursor);
        _world.Signals.RevisionChanged(new DeploymentId(deployment));
        await Task.Delay(s_aMoment, TimeProvider.System, Cancel);
        var wasOver = pull.IsCompleted;
        await WantAsync(deployment);
        var answer = await pull.WaitAsync(s_long, Cancel);

        Assert.False(wasOver);
        Assert.Equal(deployment, Assert.Single(answer.Deployments).Id);
        Assert.False(answer.IsFull);
    }

    [Fact]
    public async Task Standby_makes_a_long_pull_come_again_for_a_short_one()
    {
        var (listener, lease) = await LedAsync();
        var cursor = await SomethingToldAsync(listener, lease);

        var pull = PullAsync(listener, lease, cursor);
        await LeaseAsync(listener, left => left > TimeSpan.FromSeconds(20));
        var standby = await LeadAsync(listener);
        var answer = await pull.WaitAsync(s_long, Cancel);
        var next = PullAsync(listener, lease, answer.Cursor);
        await LeaseAsync(listener, left => left < TimeSpan.FromSeconds(10));

        Assert.Null(standby);
        Assert.Empty(answer.Deployments);
        Assert.Empty((await next.WaitAsync(s_long, Cancel)).Deployments);
    }

    [Fact]
    public async Task Pull_under_an_earlier_lease_is_refused_also_while_it_waits()
    {
        var (listener, lease) = await LedAsync();
        var cursor = await SomethingToldAsync(listener, lease);
        var pull = PullAsync(listener, lease, cursor);
        await LeaseAsync(listener, left => left > TimeSpan.FromSeconds(20));

        await _world.Host.WithDbAsync(db => db.ListenerContacts.Where(row => row.ListenerId == listener).ExecuteUpdateAsync(set => set.SetProperty(row => row.Lease, lease + 1), Cancel));
        _world.Host.Services.GetRequiredService<ListenerWakes>().Wake(listener);

        await Assert.ThrowsAsync<ListenerSupersededException>(() => pull.WaitAsync(s_long, Cancel));
        await Assert.ThrowsAsync<ListenerSupersededException>(() => PullAsync(listener, lease, cursor));
    }

    [Fact]
    public async Task Lease_that_lasts_is_not_written_again()
    {
        var (listener, lease) = await LedAsync();
        var deployment = await _world.DeploymentAsync(listener: listener);
        await WantAsync(deployment);
        var cursor = (await PullAsync(listener, lease, cursor: 0)).Cursor;
        var pull = PullAsync(listener, lease, cursor);
        await LeaseAsync(listener, left => left > TimeSpan.FromSeconds(20));
        var renewed = (await ContactAsync(listener)).LeaseUntil;

        await WantAsync(deployment);
        cursor = (await pull.WaitAsync(s_long, Cancel)).Cursor;
        pull = PullAsync(listener, lease, cursor);
        await WantAsync(deployment);
        await pull.WaitAsync(s_long, Cancel);

        Assert.Equal(renewed, (await ContactAsync(listener)).LeaseUntil);
    }

    [Fact]
    public async Task Renewals_that_come_together_are_all_kept_but_those_of_an_earlier_lease()
    {
        var led = new List<(Guid Listener, long Lease)>();
        for (var number = 0; number < 20; number++) led.Add(await LedAsync());
        var renewals = _world.Host.Services.GetRequiredService<LeaseRenewals>();
        var until = DateTimeOffset.FromUnixTimeSeconds(4_000_000_000);

        var held = await Task.WhenAll(led.Select((one, at) => renewals.WriteAsync(new LeaseRenewal(one.Listener, one.Lease - (at % 2), until, until), Cancel)));

        for (var at = 0; at < led.Count; at++)
        {
            Assert.Equal(at % 2 == 0, held[at]);
            Assert.Equal(at % 2 == 0, (await ContactAsync(led[at].Listener)).LeaseUntil == until);
        }
    }

    [Fact]
    public async Task What_a_pull_reads_it_finds_by_an_index_of_its_own_deployments()
    {
        List<Guid> owners = [.. Enumerable.Range(0, 20).Select(_ => Guid.NewGuid())];
        var plans = await _world.Host.WithDbAsync(async db =>
        {
            // PostgreSQL goes by what the tables hold, and these hold nothing.
            if (db is not SqliteDb) Assert.Skip("Plans of SQLite.");
            await db.Database.OpenConnectionAsync(Cancel);
            await using var pull = db.Database.GetDbConnection().CreateCommand();
            pull.CommandText = LedPull.ReadSql;
            await using var next = ReadWanted.NextOnes(db.Revisions.Where(row => owners.Contains(row.DeploymentId))).CreateDbCommand();
            return (Pull: await PlanAsync(pull), Next: await PlanAsync(next));
        });

        Assert.All(plans.Pull, step => Assert.False(step.StartsWith("SCAN ", StringComparison.Ordinal), step));
        Assert.Contains(plans.Pull, step => step.Contains("(listener_id=? AND changed_at>?)", StringComparison.Ordinal));
        Assert.Contains(plans.Next, step => step.Contains("(deployment_id=?)", StringComparison.Ordinal));
    }

    private static async Task<List<string>> PlanAsync(DbCommand command)
    {
#pragma warning disable CA2100 // The program's own statement.
        command.CommandText = $"EXPLAIN QUERY PLAN {command.CommandText}";
#pragma warning restore CA2100
        foreach (var name in (string[])["@listener", "@cursor"])
        {
            if (!command.CommandText.Contains(name, StringComparison.Ordinal)) continue;
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, 0);
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var steps = new List<string>();
        while (await reader.ReadAsync(Cancel)) steps.Add(reader.GetString(3));
        return steps;
    }

    private async Task<(Guid Listener, long Lease)> LedAsync()
    {
        var listener = Guid.NewGuid();
        var workspace = (await _world.Host.WorkspaceAsync()).Value;
        await _world.Host.WithDbAsync(db =>
        {
            db.Listeners.Add(new ListenerRow { Id = listener, WorkspaceId = workspace, ComputeType = ComputeTypes.Process, ComputeId = $"{listener}", ComputeConfig = "{}" });
            return db.SaveChangesAsync(Cancel);
        });
        return (listener, (await LeadAsync(listener))!.Value);
    }

    private async Task<long?> LeadAsync(Guid listener)
    {
        var request = new LeadRequest { Protocol = ListenerProtocolVersions.Newest, InstanceId = Guid.NewGuid(), Version = "test" };
        var answer = await _world.Host.Services.GetRequiredService<LeadListener>().RunAsync(await _world.Host.WorkspaceAsync(), listener, request, Cancel);
        return answer.Value.Lease;
    }

    private Task<PullAnswer> PullAsync(Guid listener, long lease, long cursor) =>
        _world.Protocol.PullAsync(new PullRequest(listener, cursor, WaitSeconds: 25) { Lease = lease }, Cancel);

    /// <returns>The position after it.</returns>
    private async Task<long> SomethingToldAsync(Guid listener, long lease)
    {
        await WantAsync(await _world.DeploymentAsync(listener: listener));
        return (await PullAsync(listener, lease, cursor: 0)).Cursor;
    }

    private async Task WantAsync(Guid deployment)
    {
        var revision = await _world.AddRevisionAsync(deployment, row =>
        {
            row.Status = RevisionStatus.AwaitingDeploy;
            row.ArtifactDigest = "00";
            row.LaunchSpec = LaunchSpecJson.Write(FakeBuildEngine.Launch);
        });
        var row = await _world.RevisionRowAsync(revision);
        await _world.Host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            await Control.Reconciling.WantedRevisions.RaiseAsync(db, row, Cancel);
            await transaction.CommitAsync(Cancel);
            return 0;
        });
        _world.Signals.RevisionChanged(new DeploymentId(deployment));
    }

    /// <summary>Once what is left of it is so.</summary>
    private Task<TimeSpan?> LeaseAsync(Guid listener, Func<TimeSpan?, bool> isSo) =>
        Eventually.ReadAsync(async () => (await ContactAsync(listener)).LeaseUntil - TimeProvider.System.GetUtcNow(), isSo);

    private Task<ListenerContactRow> ContactAsync(Guid listener) =>
        _world.Host.WithDbAsync(db => db.ListenerContacts.AsNoTracking().SingleAsync(row => row.ListenerId == listener, Cancel));
}
