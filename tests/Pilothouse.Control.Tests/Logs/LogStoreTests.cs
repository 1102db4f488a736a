using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Logs;

public sealed class LogStoreTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task Lines_arrive_by_themselves_in_their_order()
    {
        await using var world = await ControlWorld.StartAsync();
        var (log, revision) = await OpenAsync(world);

        for (var number = 0; number < 300; number++) log.Write("INFO", $"{number}");

        await Eventually.ReadAsync(
            async () => string.Join(' ', (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message)),
            seen => seen == string.Join(' ', Enumerable.Range(0, 300)));
    }

    [Fact]
    public async Task Times_never_fall_and_no_millisecond_holds_more_lines_than_a_follower_asks_for()
    {
        await using var world = await ControlWorld.StartAsync();
        var (_, revision) = await OpenAsync(world);
        var row = await world.RevisionRowAsync(revision);
        var now = TimeProvider.System.GetUtcNow();
        LogLine Line(int number, DateTimeOffset at) => new(row.WorkspaceId, row.DeploymentId, revision, IsBuild: true, at, 1, $"{number}");

        await InsertAsync(world, [.. Enumerable.Range(0, 40).Select(number => Line(number, now.AddSeconds(number % 2 == 0 ? 0 : -5)))]);
        await InsertAsync(world, [Line(40, now.AddHours(-1)), Line(41, now.AddYears(100))]);

        var lines = await world.LogsAsync(revision, isBuild: true);
        Assert.Equal(Enumerable.Range(0, 42).Select(number => $"{number}"), lines.Select(line => line.Message));
        Assert.Equal(lines.Select(line => line.At).Order(), lines.Select(line => line.At));
        Assert.InRange(lines.GroupBy(line => line.At).Max(same => same.Count()), 1, 5);
        Assert.True(lines[^1].At <= TimeProvider.System.GetUtcNow().AddSeconds(1));
    }

    [Fact]
    public async Task Only_the_newest_lines_of_a_deployment_are_kept()
    {
        await using var world = await ControlWorld.StartAsync(settings: new() { ["Logs:LinesPerDeployment"] = "100" });
        var (log, revision) = await OpenAsync(world);
        var (other, kept) = await OpenAsync(world);
        other.Write("INFO", "kept");

        for (var number = 0; number < 1_000; number++)
        {
            log.Write("INFO", $"{number}");
            if (number % 50 == 0) await log.FlushAsync(Cancel);
        }

        await log.FlushAsync(Cancel);
        await other.FlushAsync(Cancel);
        await SweepAsync(world);

        Assert.Equal(Enumerable.Range(900, 100).Select(number => $"{number}"), (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message));
        Assert.Single(await world.LogsAsync(kept, isBuild: true));
    }

    [Fact]
    public async Task Old_lines_are_removed()
    {
        await using var world = await ControlWorld.StartAsync(settings: new() { ["Logs:Retention"] = "1.00:00:00" });
        var (_, revision) = await OpenAsync(world);
        var row = await world.RevisionRowAsync(revision);
        var now = TimeProvider.System.GetUtcNow();
        await InsertAsync(world, [
            new LogLine(row.WorkspaceId, row.DeploymentId, revision, IsBuild: false, now.AddDays(-2), 1, "old"),
            new LogLine(row.WorkspaceId, row.DeploymentId, revision, IsBuild: false, now, 1, "new")]);

        await SweepAsync(world);

        Assert.Equal("new", Assert.Single(await world.LogsAsync(revision, isBuild: false)).Message);
    }

    [Fact]
    public async Task Build_is_never_held_up_by_a_store_that_does_not_answer()
    {
        var faults = new StoreFaults();
        await using var world = await ControlWorld.StartAsync(
            settings: new() { ["Logs:QueueLines"] = "200" },
            services: services => services.InterceptStore(faults, faults.Commits));
        var (log, revision) = await OpenAsync(world);
        faults.Arm(_ => true);

        for (var number = 0; number < 1_000; number++) log.Write("INFO", $"{number}");
        await Assert.ThrowsAnyAsync<Exception>(() => log.FlushAsync(Cancel));
        faults.Disarm();
        await log.FlushAsync(Cancel);

        var lines = (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message).ToList();
        Assert.InRange(lines.Count, 100, 210);
        Assert.Equal("999", lines[^1]);
        Assert.Contains(lines, line => line.Contains("lines were dropped here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lines_that_could_not_be_stored_are_stored_once_when_the_store_answers_again()
    {
        var faults = new StoreFaults();
        await using var world = await ControlWorld.StartAsync(
            services: services => services.InterceptStore(faults));
        var (log, revision) = await OpenAsync(world);
        for (var at = 1; at <= 6; at++)
        {
            var one = at;
            log.Write("INFO", $"a{at}");
            log.Write("INFO", $"b{at}");
            faults.Arm(number => number == one);
            try
            {
                await log.FlushAsync(Cancel);
            }
            catch (Exception failure) when (failure is DbException or DbUpdateException)
            {
                // As the loop does: again.
            }

            faults.Disarm();
            await log.FlushAsync(Cancel);
        }

        Assert.Equal(
            Enumerable.Range(1, 6).SelectMany(at => new[] { $"a{at}", $"b{at}" }),
            (await world.LogsAsync(revision, isBuild: true)).Select(line => line.Message));
    }

    [Fact]
    public async Task Secrets_of_the_revision_are_masked()
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var revision = await world.AddRevisionAsync(deployment, secrets: new Dictionary<string, string> { ["A"] = "hunter2-hunter2", ["B"] = "yes" });
        var log = await world.Host.Services.GetRequiredService<BuildLogs>().OpenAsync(await world.RevisionRowAsync(revision), Cancel);

        log.Write("ERROR", "npm said hunter2-hunter2, yes");
        await log.FlushAsync(Cancel);

        Assert.Equal("npm said ***, yes", Assert.Single(await world.LogsAsync(revision, isBuild: true)).Message);
    }

    private static async Task<(BuildLog Log, Guid Revision)> OpenAsync(ControlWorld world)
    {
        var revision = await world.AddRevisionAsync(await world.DeploymentAsync());
        return (await world.Host.Services.GetRequiredService<BuildLogs>().OpenAsync(await world.RevisionRowAsync(revision), Cancel), revision);
    }

    private static async Task SweepAsync(ControlWorld world) => await world.Host.Services.GetRequiredService<Sweeps>().ReconcileAsync("logs", Cancel);

    private static async Task InsertAsync(ControlWorld world, IReadOnlyList<LogLine> lines) => await world.Host.WithDbAsync(async db =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
        await world.Host.Services.GetRequiredService<LogTable>().InsertAsync(db, lines, Cancel);
        await transaction.CommitAsync(Cancel);
        return 0;
    });
}
