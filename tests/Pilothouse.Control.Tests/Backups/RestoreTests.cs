using System.Data.Common;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Upgrades;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Backups;

/// <summary>A backup comes back whole or not at all.</summary>
public sealed class RestoreTests(BackupFixture fixture) : BackupTest(fixture)
{
    private const string Older = "20261125074622_Observability";

    [Fact]
    public async Task Wrong_master_key_is_one_sentence_before_anything_is_written()
    {
        var directory = NewDirectory(hasKey: false);
        await File.WriteAllTextAsync(Path.Combine(directory, "master-key"), $"1:{Convert.ToBase64String(new byte[32])}\n", Cancel);

        await using var store = new OfflineStore(directory);
        var refused = await Assert.ThrowsAsync<MasterKeyException>(() => store.Backups.RestoreAsync(Backup, Cancel));

        Assert.Equal(
            $"The master key in the file '{directory}/master-key' is not the one that the stored secrets were encrypted with: put the right one back.", refused.Message);
        AssertNothingIsIn(directory);
    }

    [Fact]
    public async Task Missing_master_key_is_asked_for_and_none_is_made()
    {
        var directory = NewDirectory(hasKey: false);

        await using var store = new OfflineStore(directory);
        var refused = await Assert.ThrowsAsync<MasterKeyException>(() => store.Backups.RestoreAsync(Backup, Cancel));

        Assert.StartsWith("The master key is missing: put back the file ", refused.Message, StringComparison.Ordinal);
        AssertNothingIsIn(directory);
    }

    [Fact]
    public async Task Control_plane_does_not_start_on_a_restored_store_with_another_master_key()
    {
        var directory = NewDirectory();
        await using (var store = new OfflineStore(directory)) await store.Backups.RestoreAsync(Backup, Cancel);
        await File.WriteAllTextAsync(Path.Combine(directory, "master-key"), $"1:{Convert.ToBase64String(new byte[32])}\n", Cancel);

        var refused = await Assert.ThrowsAsync<MasterKeyException>(() => ControlHost.StartAsync(directory: directory));

        Assert.EndsWith("is not the one that the stored secrets were encrypted with: put the right one back.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_with_something_in_it_is_never_written_over()
    {
        var directory = NewDirectory();
        await using (var store = new OfflineStore(directory)) await store.Backups.RestoreAsync(Backup, Cancel);
        var rows = await RowsOfStoreAsync(directory);

        await using var again = new OfflineStore(directory);
        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => again.Backups.RestoreAsync(Backup, Cancel));

        Assert.StartsWith("There is ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(rows, await RowsOfStoreAsync(directory));
        await using var inUse = new OfflineStore(World.Host.Directory);
        await Assert.ThrowsAsync<DataDirectoryInUseException>(() => inUse.Backups.RestoreAsync(Backup, Cancel));
    }

    /// <summary>The same directory all along: each run is killed further on than the one before, and finds what that one left.</summary>
    [Theory]
    [InlineData(false, 7)]
    [InlineData(true, 1)]
    public async Task Restore_killed_at_any_call_of_the_store_serves_nothing_and_is_whole_when_it_is_run_again(bool hasSchema, int step)
    {
        var directory = NewDirectory();
        if (hasSchema)
        {
            await using var store = new OfflineStore(directory);
            await store.Get<DatabaseMigrator>().MigrateAsync(Cancel);
        }

        var rows = await BackupFiles.RowsAsync(Backup);
        var faults = new StoreFaults();
        var (kills, guarded) = (0, 0);
        for (var call = 0; ; call += step, kills++)
        {
            await using var store = new OfflineStore(directory, faults: faults);
            faults.Arm(number => number > call);
            if (await IsWholeAsync(store)) break;
            faults.Disarm();
            if (await IsGuardedAsync(directory)) guarded++;
        }

        Assert.Equal(rows, await RowsOfStoreAsync(directory));
        await using (var world = await ControlWorld.StartAsync(directory: directory)) Assert.NotNull(await world.RevisionRowAsync(Guid.Parse(Revision)));
        Assert.InRange(kills, 10, 1000);
        if (hasSchema) Assert.InRange(guarded, 10, kills);
        TestContext.Current.TestOutputHelper!.WriteLine($"Killed {kills} times, {guarded} of them with a store that refused to serve.");
    }

    [Fact]
    public async Task Control_plane_does_not_start_on_a_store_whose_restore_has_not_ended()
    {
        var directory = NewDirectory();
        await using (var store = new OfflineStore(directory))
        {
            await store.Get<DatabaseMigrator>().MigrateAsync(Cancel);
            await store.WithDbAsync(async db =>
            {
                await UnfinishedRestore.SetAsync(db, Cancel);
                return 0;
            });
        }

        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => ControlHost.StartAsync(directory: directory));

        Assert.Equal("A restore into this store was begun and has not ended: run it again, and then serve.", refused.Message);
    }

    private async Task<bool> IsWholeAsync(OfflineStore store)
    {
        try
        {
            await store.Backups.RestoreAsync(Backup, Cancel);
            return true;
        }
        catch (Exception killed) when (killed is DbException or DbUpdateException)
        {
            return false;
        }
        catch (BackupRefusedException whole) when (whole.Message.StartsWith("There is ", StringComparison.Ordinal))
        {
            // Killed after the commit: serve does the rest.
            return true;
        }
    }

    [Fact]
    public async Task Backup_of_an_older_schema_is_brought_to_the_newest()
    {
        var older = await OlderAsync();
        var directory = NewDirectory();

        await using (var store = new OfflineStore(directory)) await store.Backups.RestoreAsync(older, Cancel);

        await using var world = await ControlWorld.StartAsync(directory: directory);
        Assert.Equal(Revision, (await world.RevisionRowAsync(Guid.Parse(Revision))).Id.ToString());
        Assert.Empty(await world.Host.WithDbAsync(db => db.Database.GetPendingMigrationsAsync(Cancel)));
    }

    [Fact]
    public async Task Newer_schema_is_not_taken_back_for_an_older_backup_even_where_its_tables_are_empty()
    {
        var older = await OlderAsync();
        var directory = NewDirectory();
        await using var store = new OfflineStore(directory);
        await store.Get<DatabaseMigrator>().MigrateAsync(Cancel);

        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => store.Backups.RestoreAsync(older, Cancel));

        var newest = await store.WithDbAsync(db => Task.FromResult(db.Database.GetMigrations().Last()));
        Assert.Equal(
            $"The store has the schema {newest} already, and the backup the older {Older}; a restore never takes a schema back: name another directory with --data.", refused.Message);
        Assert.Equal(newest, await store.WithDbAsync(async db => (await db.Database.GetAppliedMigrationsAsync(Cancel)).Last()));
        Assert.False(await store.WithDbAsync(db => db.Counters.AnyAsync(Cancel)));
    }

    /// <summary>Of a version that this one does not know, of this version without its history, or of somebody else.</summary>
    [Theory]
    [InlineData("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_OfANewerProgram', '99.0.0')", true)]
    [InlineData("DELETE FROM \"__EFMigrationsHistory\"", true)]
    [InlineData("CREATE TABLE of_somebody_else (name TEXT)", false)]
    public async Task Store_that_is_another_program_s_is_refused_and_stays_as_it_is(string makes, bool hasSchema)
    {
        var directory = NewDirectory();
        await using var store = new OfflineStore(directory);
        if (hasSchema) await store.Get<DatabaseMigrator>().MigrateAsync(Cancel);
        await store.WithDbAsync(db => db.Database.ExecuteSqlRawAsync(makes, Cancel));
        var before = await ContentAsync(store);

        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => store.Backups.RestoreAsync(Backup, Cancel));

        Assert.Equal("There is a store in this data directory already, and a restore never writes over one: name another directory with --data.", refused.Message);
        Assert.Equal(before, await ContentAsync(store));
    }

    private static Task<List<string>> ContentAsync(OfflineStore store) => store.WithDbAsync(db => db.Database.SqlQueryRaw<string>(
        db.Database.GetAppliedMigrations().Any()
            ? "SELECT sql AS \"Value\" FROM sqlite_master WHERE sql IS NOT NULL UNION ALL SELECT migration_id FROM \"__EFMigrationsHistory\" UNION ALL SELECT name FROM counters"
            : "SELECT sql AS \"Value\" FROM sqlite_master WHERE sql IS NOT NULL").ToListAsync(Cancel));

    [Fact]
    public async Task Backup_of_a_newer_version_is_refused_by_its_name()
    {
        var newer = NewFile();
        var directory = NewDirectory();
        await using var store = new OfflineStore(directory);

        await BackupFiles.RewriteAsync(Backup, newer, entries => entries.ChangeHeader(header => (header["program_version"], header["migration"]) = ("9.1.0", "20300101000000_Later")));
        var schema = await Assert.ThrowsAsync<BackupRefusedException>(() => store.Backups.RestoreAsync(newer, Cancel));
        await BackupFiles.RewriteAsync(Backup, newer, entries => entries.ChangeHeader(header => (header["program_version"], header["format"]) = ("9.1.0", 2)));
        var format = await Assert.ThrowsAsync<BackupRefusedException>(() => store.Backups.RestoreAsync(newer, Cancel));

        Assert.StartsWith("The backup was made by version 9.1.0, whose schema 20300101000000_Later ", schema.Message, StringComparison.Ordinal);
        Assert.StartsWith("The backup was made by version 9.1.0, in a format ", format.Message, StringComparison.Ordinal);
        AssertNothingIsIn(directory);
    }

    [Fact]
    public async Task Backup_of_another_engine_comes_in_when_its_tables_are_the_same()
    {
        var moved = NewFile();
        await BackupFiles.RewriteAsync(Backup, moved, entries => entries.ChangeHeader(header => (header["engine"], header["migration"]) = ("another", "20260101000000_Initial")));
        var directory = NewDirectory();

        await using (var store = new OfflineStore(directory)) await store.Backups.RestoreAsync(moved, Cancel);

        Assert.Equal(await BackupFiles.RowsAsync(Backup), await RowsOfStoreAsync(directory));
        await BackupFiles.RewriteAsync(moved, moved + "2", entries => entries.ChangeHeader(header => ((JsonArray)header.Table("pins")["columns"]!).RemoveAt(0)));
        await using var elsewhere = new OfflineStore(NewDirectory());
        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => elsewhere.Backups.RestoreAsync(moved + "2", Cancel));
        Assert.EndsWith("only a store of the same version can be moved to another engine.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_that_is_not_there_is_not_backed_up_and_not_made()
    {
        var directory = NewDirectory(hasKey: false);
        await using var store = new OfflineStore(directory);

        var refused = await Assert.ThrowsAsync<BackupRefusedException>(() => store.Backups.CreateAsync(Backup, Cancel));

        Assert.Equal($"There is no store in '{directory}': name the data directory with --data.", refused.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory));
    }

    /// <summary>As the version wrote it whose schema was that of <see cref="Older"/>: without the tables and columns that came later.</summary>
    private async Task<string> OlderAsync()
    {
        using var db = EmptyStore.Offline();
        var schema = SchemaOfVersion.All(db).Single(version => version.Migration is Older).Model;
        var older = NewFile();
        await BackupFiles.RewriteAsync(Backup, older, entries => entries.ChangeHeader(header =>
        {
            header["migration"] = Older;
            foreach (var table in header["tables"]!.AsArray().Select(table => table!.AsObject()).ToList())
            {
                var name = (string)table["name"]!;
                if (schema.FindTable(name, null) is { } known) DropColumns(entries, table, column => known.FindColumn(column) is null);
                else Drop(entries, header, table, name);
            }
        }));
        return older;
    }

    private static void Drop(List<(string Name, byte[] Content)> entries, JsonObject header, JsonObject table, string name)
    {
        header["tables"]!.AsArray().Remove(table);
        entries.RemoveAll(entry => entry.Name.StartsWith($"tables/{name}/", StringComparison.Ordinal));
    }

    private static void DropColumns(List<(string Name, byte[] Content)> entries, JsonObject table, Predicate<string> isLater)
    {
        var columns = table["columns"]!.AsArray();
        for (var at = columns.Count - 1; at >= 0; at--)
        {
            if (!isLater((string)columns[at]!["name"]!)) continue;
            columns.RemoveAt(at);
            entries.ChangeRows((string)table["name"]!, row => row.RemoveAt(at));
        }
    }

    /// <summary>True: it refuses to start. Else nothing may be in it that looks like a store of somebody.</summary>
    private static async Task<bool> IsGuardedAsync(string directory)
    {
        await using var store = new OfflineStore(directory);
        if ((await store.WithDbAsync(db => db.Database.GetPendingMigrationsAsync(Cancel))).Any()) return false;
        if (await store.WithDbAsync(db => db.Counters.AllAsync(row => row.Name != UnfinishedRestore.Mark, Cancel)))
        {
            // Before the mark there is nothing, and after it everything.
            Assert.Contains(await store.WithDbAsync(db => db.Workspaces.CountAsync(Cancel)), new[] { 0, 2 });
            return false;
        }

        Assert.Equal(0, await store.WithDbAsync(db => db.Workspaces.CountAsync(Cancel)));
        await Assert.ThrowsAsync<BackupRefusedException>(() => store.Get<UnfinishedRestore>().CheckAsync(Cancel));
        return true;
    }

    private static void AssertNothingIsIn(string directory) => Assert.Empty(
        Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).Except(["master-key", "pilothouse.lock"], StringComparer.Ordinal));
}
