using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>What only PostgreSQL does; on either engine's run.</summary>
public sealed class PostgresTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task Replicas_that_start_at_once_on_an_empty_database_both_come_up_with_one_organization()
    {
        await using var database = await EmptyDatabase.CreateAsync();

        var key = Path.Combine(Directory.CreateTempSubdirectory("pilothouse-key-").FullName, "master-key");
        await File.WriteAllTextAsync(key, $"1:{Convert.ToBase64String(new byte[32])}\n", Cancel);

        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => database.StartAsync($"file:{key}")));

        Assert.Single(hosts, host => host.NewKey is not null);
        Assert.Equal(1, await hosts[0].WithDbAsync(db => db.Organizations.CountAsync(Cancel)));
        foreach (var host in hosts) await host.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(key)!, recursive: true);
    }

    [Fact]
    public async Task Migration_gives_way_to_who_holds_a_table_and_comes_again()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await using var host = await database.StartAsync();
        var databases = host.Services.GetRequiredService<IDbContextFactory<PilothouseDb>>();
        await using var holder = await databases.CreateDbContextAsync(Cancel);
        await using var held = await holder.Database.BeginTransactionAsync(Cancel);
        await holder.Database.ExecuteSqlRawAsync("LOCK TABLE \"__EFMigrationsHistory\" IN ACCESS EXCLUSIVE MODE", Cancel);

        var migrating = host.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(Cancel);
        await using var watcher = await databases.CreateDbContextAsync(Cancel);
        await Eventually.ReadAsync(() => WaitersAsync(watcher), waiters => waiters == 1);
        await Eventually.ReadAsync(() => WaitersAsync(watcher), waiters => waiters == 0);
        Assert.False(migrating.IsCompleted);
        await held.CommitAsync(Cancel);

        await migrating;
    }

    [Fact]
    public async Task No_change_is_committed_behind_one_with_a_higher_number()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await using var host = await database.StartAsync();
        var databases = host.Services.GetRequiredService<IDbContextFactory<PilothouseDb>>();
        await using var first = await databases.CreateDbContextAsync(Cancel);
        await using var open = await first.Database.BeginTransactionAsync(Cancel);
        var number = await Counters.NextChangeAsync(first, Cancel);

        await using var second = await databases.CreateDbContextAsync(Cancel);
        await using var later = await second.Database.BeginTransactionAsync(Cancel);
        var waiting = Counters.NextChangeAsync(second, Cancel);
        await using var watcher = await databases.CreateDbContextAsync(Cancel);
        await Eventually.ReadAsync(() => WaitersAsync(watcher), waiters => waiters == 1);
        Assert.True(await Counters.LastChangeAsync(watcher, Cancel) < number);
        await open.CommitAsync(Cancel);

        Assert.Equal(number + 1, await waiting);
    }

    private static async Task<int> WaitersAsync(PilothouseDb db) => (await db.Database.SqlQuery<int>(
        $"SELECT count(*)::int AS \"Value\" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").ToListAsync(Cancel)).Single();
}
