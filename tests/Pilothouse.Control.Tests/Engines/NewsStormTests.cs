using System.Collections.Concurrent;
using Npgsql;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>
/// T32: what costs at a commit is its own notification, for which it waits behind all others that carry one. Not how long that takes is seen here, but
/// that nothing of ours stands there: while nobody who notifies can commit, everybody who writes does.
/// </summary>
public sealed class NewsStormTests(DurableServer durable) : IClassFixture<DurableServer>
{
    private const int Writers = 200;

    /// <summary>Far above what they need: they wait for nothing, or for ever.</summary>
    private static readonly TimeSpan s_forEver = TimeSpan.FromMinutes(8);

    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task T32_two_hundred_writers_commit_at_once_while_no_notification_can()
    {
        await using var pair = await StartAsync();
        var api = await Api.InNewWorkspaceAsync(pair.First);
        api.Client.Timeout = s_forEver;
        var heard = new HeardChanges(pair.Second);
        DeploymentId[] made;
        Task planted;
        await using (var held = await HeldCommits.TakeAsync(durable.Server, pair.Database))
        {
            // A writer with a notification in his transaction, as ours are not.
            planted = WriteAndNotifyAsync(pair);
            await Eventually.ReadAsync(held.WaitingAsync, waiting => waiting >= 1);

            made = await Task.WhenAll(Enumerable.Range(0, Writers).Select(number => WriteAsync(api, number))).WaitAsync(s_forEver, TimeProvider.System, Cancel);

            Assert.False(planted.IsCompleted);
            Assert.DoesNotContain(made, heard.Has);
        }

        await planted;
        await heard.UntilAsync(made);
    }

    [Fact]
    public async Task T32_a_storm_of_changes_is_told_together()
    {
        await using var pair = await StartAsync();
        var texts = new ConcurrentQueue<string>();
        await using var connection = await pair.Source.OpenConnectionAsync(Cancel);
        connection.Notification += (_, told) => texts.Enqueue(told.Payload);
        await using (var listen = new NpgsqlCommand("LISTEN pilothouse", connection)) await listen.ExecuteNonQueryAsync(Cancel);
        var deployments = Enumerable.Range(0, 10).Select(_ => DeploymentId.New()).ToList();
        var heard = new HeardChanges(pair.Second);

        await using (var held = await HeldCommits.TakeAsync(durable.Server, pair.Database))
        {
            var signals = new HeardChanges(pair.First).Signals;
            for (var change = 0; change < 1_000; change++) signals.RevisionChanged(deployments[change % deployments.Count]);
            await Eventually.ReadAsync(held.WaitingAsync, waiting => waiting == 1);
        }

        await heard.UntilAsync(deployments);
        await using (var look = new NpgsqlCommand("SELECT 1", connection)) await look.ExecuteNonQueryAsync(Cancel);

        // The one that stood there, and what gathered behind it.
        Assert.InRange(texts.Count(text => deployments.Exists(one => text.Contains($"{one.Value:N}", StringComparison.Ordinal))), 1, 2);
    }

    /// <summary>However busy the machine is, nobody gives up waiting for one of the pool's connections, or for an answer.</summary>
    private Task<PeerPair> StartAsync() => PeerPair.StartAsync(on: durable.Server, set: "SET synchronous_commit = local", more: ";Timeout=600;Command Timeout=600");

    private static async Task<DeploymentId> WriteAsync(Api api, int number) => new(Guid.Parse((await api.CreateExternalAsync($"writer-{number}")).Id));

    private static async Task WriteAndNotifyAsync(PeerPair pair)
    {
        await using var connection = await pair.Source.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using var write = new NpgsqlCommand("INSERT INTO counters (name, value) VALUES ('of a test', 1)", connection, transaction) { CommandTimeout = 0 };
        await write.ExecuteNonQueryAsync(Cancel);
        await using var notify = new NpgsqlCommand("SELECT pg_notify('pilothouse', 'of a test')", connection, transaction) { CommandTimeout = 0 };
        await notify.ExecuteNonQueryAsync(Cancel);
        await using var commit = new NpgsqlCommand("COMMIT", connection, transaction) { CommandTimeout = 0 };
        await commit.ExecuteNonQueryAsync(Cancel);
    }
}
