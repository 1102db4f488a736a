using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Backups;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>Backups know no engine; on either engine's run.</summary>
public sealed class PostgresBackupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pilothouse-moved-").FullName;

    [Fact]
    public async Task Store_on_PostgreSQL_comes_back_on_PostgreSQL_and_moves_to_SQLite_and_back()
    {
        await using var original = await EmptyDatabase.CreateAsync();
        await using var second = await EmptyDatabase.CreateAsync();
        await using var third = await EmptyDatabase.CreateAsync();
        var key = $"file:{await MasterKeyAsync()}";
        await using (var host = await original.StartAsync(key))
        {
            var api = await Api.InNewWorkspaceAsync(host);
            for (var at = 0; at < 5; at++) await api.CreateExternalAsync($"app-{at}", secrets: """[{"name":"KEY","value":"a value"}]""");
        }

        var taken = await BackUpAsync(original.ConnectionString, key);
        await RestoreAsync(taken, second.ConnectionString, key, expected: 5);
        await RestoreAsync(taken, database: null, key, expected: 5);
        var moved = await BackUpAsync(database: null, key);
        await RestoreAsync(moved, third.ConnectionString, key, expected: 5);

        var rows = await BackupFiles.RowsAsync(taken);
        Assert.Equal(rows, await BackupFiles.RowsAsync(moved));
        Assert.Equal(rows, await BackupFiles.RowsAsync(await BackUpAsync(third.ConnectionString, key)));

        // Numbers that the database gives out go on where they were.
        await using var again = await third.StartAsync(key);
        await (await Api.InNewWorkspaceAsync(again)).CreateExternalAsync("after");
    }

    [Theory]
    [InlineData("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_OfANewerProgram', '99.0.0')", true)]
    [InlineData("DELETE FROM \"__EFMigrationsHistory\"", true)]
    [InlineData("CREATE TABLE of_somebody_else (name text)", false)]
    public async Task Database_that_is_another_program_s_is_refused_and_stays_as_it_is(string makes, bool hasSchema)
    {
        await using var target = await EmptyDatabase.CreateAsync();
        var key = $"file:{await MasterKeyAsync()}";
        var backup = await SmallAsync(key);
        await using var store = Store(target.ConnectionString, key);
        if (hasSchema) await store.Get<DatabaseMigrator>().MigrateAsync(ControlHost.Cancel);
        await store.WithDbAsync(db => db.Database.ExecuteSqlRawAsync(makes, ControlHost.Cancel));
        var before = await TablesAsync(store);

        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => store.Backups.RestoreAsync(backup, ControlHost.Cancel));

        Assert.Equal("There is something in this database already, and a restore never writes over it: name an empty one with --database.", refused.Message);
        Assert.Equal(before, await TablesAsync(store));
    }

    /// <summary>Its rows come when the restore has seen that there are none, and has written nothing yet.</summary>
    [Fact]
    public async Task Control_plane_that_begins_on_the_database_meanwhile_keeps_it()
    {
        await using var target = await EmptyDatabase.CreateAsync();
        var key = $"file:{await MasterKeyAsync()}";
        var backup = await SmallAsync(key);
        await using var store = Store(target.ConnectionString, key);
        await store.Get<DatabaseMigrator>().MigrateAsync(ControlHost.Cancel);
        await using var holder = await store.Get<IDbContextFactory<PilothouseDb>>().CreateDbContextAsync(ControlHost.Cancel);
        await using var held = await holder.Database.BeginTransactionAsync(ControlHost.Cancel);
        await holder.HoldAsync(Guid.Empty, ControlHost.Cancel);

        var restoring = store.Backups.RestoreAsync(backup, ControlHost.Cancel);
        await Eventually.ReadAsync(
            () => store.WithDbAsync(db => db.Database.SqlQuery<int>(
                $"SELECT count(*)::int AS \"Value\" FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").SingleAsync(ControlHost.Cancel)),
            waiters => waiters == 1);
        holder.Organizations.Add(new OrganizationRow { Id = Guid.NewGuid(), Name = "of another", CreatedAt = DateTimeOffset.UnixEpoch });
        await holder.SaveChangesAsync(ControlHost.Cancel);
        await held.CommitAsync(ControlHost.Cancel);

        await Assert.ThrowsAsync<BackupRefusedException>(() => restoring);
        Assert.Equal("of another", (await store.WithDbAsync(db => db.Organizations.SingleAsync(ControlHost.Cancel))).Name);
        await store.Get<UnfinishedRestore>().CheckAsync(ControlHost.Cancel);
    }

    /// <summary>The other way round: who finds the mark once it is his turn makes nothing.</summary>
    [Fact]
    public async Task Control_plane_that_begins_while_a_restore_has_its_turn_is_refused()
    {
        await using var target = await EmptyDatabase.CreateAsync();
        var key = $"file:{await MasterKeyAsync()}";
        await using var store = Store(target.ConnectionString, key);
        await store.Get<DatabaseMigrator>().MigrateAsync(ControlHost.Cancel);
        await store.WithDbAsync(async db =>
        {
            await UnfinishedRestore.SetAsync(db, ControlHost.Cancel);
            return 0;
        });

        await Assert.ThrowsAsync<BackupRefusedException>(() => store.Get<Bootstrap>().RunAsync(ControlHost.Cancel));

        Assert.False(await store.WithDbAsync(db => db.Organizations.AnyAsync(ControlHost.Cancel)));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<string> MasterKeyAsync()
    {
        var file = Path.Combine(_directory, "key");
        await File.WriteAllTextAsync(file, $"1:{Convert.ToBase64String(new byte[32])}\n", ControlHost.Cancel);
        return file;
    }

    /// <summary>A backup of a store that has its first rows.</summary>
    private async Task<string> SmallAsync(string key)
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await using (await database.StartAsync(key)) return await BackUpAsync(database.ConnectionString, key);
    }

    private static Task<List<string>> TablesAsync(OfflineStore store) => store.WithDbAsync(db => db.Database.SqlQuery<string>(
        $"SELECT table_name || coalesce((xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', table_name), true, true, '')))[1]::text, '') AS \"Value\" FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")
        .ToListAsync(ControlHost.Cancel));

    private async Task<string> BackUpAsync(string? database, string key)
    {
        var file = Path.Combine(_directory, $"{Guid.NewGuid():N}.backup");
        await using var store = Store(database, key);
        await store.Backups.CreateAsync(file, ControlHost.Cancel);
        return file;
    }

    private async Task RestoreAsync(string file, string? database, string key, int expected)
    {
        await using var store = Store(database, key);
        await store.Backups.RestoreAsync(file, ControlHost.Cancel);
        Assert.Equal(expected, await store.WithDbAsync(db => db.Deployments.CountAsync(ControlHost.Cancel)));
        Assert.Empty((await store.Backups.CheckSecretsAsync(ControlHost.Cancel)).Unreadable);
    }

    /// <param name="database">Null: SQLite in a directory that all of these share.</param>
    private OfflineStore Store(string? database, string key) => new(
        Path.Combine(_directory, database is null ? "sqlite" : $"{(uint)database.GetHashCode(StringComparison.Ordinal)}"),
        new() { ["Storage:Database"] = database, ["Secrets:MasterKey"] = key });
}
