using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>Two control planes on one PostgreSQL hear of each other; on either engine's run.</summary>
public sealed class PeerNewsTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task A_change_at_one_wakes_who_waits_at_the_other()
    {
        await using var pair = await Pair.StartAsync();
        var api = await Api.InNewWorkspaceAsync(pair.First);
        var heard = new ConcurrentQueue<DeploymentId>();
        var signals = pair.Second.Services.GetRequiredService<ControlSignals>();
        signals.Changed += heard.Enqueue;
        var poll = NextChange(signals);

        var made = await api.CreateExternalAsync();

        await poll.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(Guid.Parse(made.Id), Assert.Single(heard.Distinct()).Value);
    }

    /// <summary>Time stands still at the other, so that what it remembers does not age.</summary>
    [Fact]
    public async Task A_key_that_is_revoked_at_one_is_refused_by_the_other()
    {
        await using var pair = await Pair.StartAsync(new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        var first = await Api.InNewWorkspaceAsync(pair.First);
        var key = (await first.PostAsync("/v2/access/keys", """{"name":"short-lived","role":"admin"}""")).Expect(HttpStatusCode.Created);
        using var second = pair.Second.Client(key.Text_("key"));
        Assert.Equal(HttpStatusCode.OK, (await second.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Cancel)).StatusCode);

        (await first.DeleteAsync($"/v2/access/keys/{key.Id}")).Expect(HttpStatusCode.NoContent);

        await Eventually.ReadAsync(
            async () => (await second.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Cancel)).StatusCode, status => status == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_made_again()
    {
        await using var pair = await Pair.StartAsync();
        var source = pair.First.Services.GetRequiredService<NpgsqlDataSource>();
        var signals = pair.Second.Services.GetRequiredService<ControlSignals>();
        await using (var cut = source.CreateCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"))
        {
            Assert.Equal(2L, await cut.ExecuteScalarAsync(Cancel));
        }

        await Eventually.ReadAsync(() => ListenersAsync(source), count => count == 2);
        var poll = NextChange(signals);
        pair.First.Services.GetRequiredService<ControlSignals>().RevisionChanged(DeploymentId.New());

        await poll.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    private static Task NextChange(ControlSignals signals)
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        signals.Changed += _ => heard.TrySetResult();
        return heard.Task;
    }

    /// <summary>What costs at a commit is its own notification: here are a thousand changes, told in a few commits that are nobody's.</summary>
    [Fact]
    public async Task T32_a_storm_of_changes_is_told_together_and_outside_their_transactions()
    {
        await using var pair = await Pair.StartAsync();
        var source = pair.First.Services.GetRequiredService<NpgsqlDataSource>();
        var texts = new ConcurrentQueue<string>();
        await using var connection = await source.OpenConnectionAsync(Cancel);
        connection.Notification += (_, told) => texts.Enqueue(told.Payload);
        await using (var listen = new NpgsqlCommand("LISTEN pilothouse", connection)) await listen.ExecuteNonQueryAsync(Cancel);
        var deployments = Enumerable.Range(0, 10).Select(_ => DeploymentId.New()).ToList();
        var heard = new ConcurrentDictionary<DeploymentId, int>();
        pair.Second.Services.GetRequiredService<ControlSignals>().Changed += one => heard.AddOrUpdate(one, 1, (_, count) => count + 1);

        var signals = pair.First.Services.GetRequiredService<ControlSignals>();
        for (var change = 0; change < 1_000; change++) signals.RevisionChanged(deployments[change % deployments.Count]);
        await Eventually.TrueAsync(() => deployments.TrueForAll(heard.ContainsKey));

        await using (var look = new NpgsqlCommand("SELECT 1", connection)) await look.ExecuteNonQueryAsync(Cancel);
        Assert.InRange(texts.Count, 1, 50);
    }

    private static async Task<long> ListenersAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()");
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private sealed record Pair(EmptyDatabase Database, ControlHost First, ControlHost Second, string KeyFile) : IAsyncDisposable
    {
        /// <param name="clock">Of the second one.</param>
        public static async Task<Pair> StartAsync(TimeProvider? clock = null)
        {
            var database = await EmptyDatabase.CreateAsync();
            var key = Path.Combine(Directory.CreateTempSubdirectory("pilothouse-key-").FullName, "master-key");
            await File.WriteAllTextAsync(key, $"1:{Convert.ToBase64String(new byte[32])}\n", Cancel);
            var first = await database.StartAsync($"file:{key}");
            var second = await database.StartAsync($"file:{key}", services => services.AddSingleton(clock ?? TimeProvider.System));
            await Eventually.ReadAsync(() => ListenersAsync(first.Services.GetRequiredService<NpgsqlDataSource>()), count => count == 2);
            return new Pair(database, first, second, key);
        }

        public async ValueTask DisposeAsync()
        {
            await Second.DisposeAsync();
            await First.DisposeAsync();
            await Database.DisposeAsync();
            Directory.Delete(Path.GetDirectoryName(KeyFile)!, recursive: true);
        }
    }
}
