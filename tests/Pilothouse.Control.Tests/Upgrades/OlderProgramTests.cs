using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Upgrades;

/// <summary>
/// While replicas are upgraded one by one, and after a step back, a program works on the schema of the next version: it reads and writes the columns
/// that it knows, and nothing of that is refused.
/// </summary>
public sealed class OlderProgramTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task Program_of_one_version_reads_and_writes_the_schema_of_the_next(string engine)
    {
        await using var store = await EmptyStore.CreateAsync(engine);
        var versions = await store.WithAsync(db => Task.FromResult(SchemaOfVersion.All(db)));
        Assert.True(versions.Count > 1);
        await store.WithAsync(db => MigrateAsync(db, versions[0].Migration));

        for (var at = 1; at < versions.Count; at++)
        {
            var (older, next) = (versions[at - 1], versions[at]);
            await store.WithAsync(db => MigrateAsync(db, next.Migration));

            Assert.Empty(older.FaultsOf(next));
            foreach (var table in older.Model.Tables)
            {
                await store.WithAsync(db => LiveAsync(db, new KnownRow(table)));
                await store.WithAsync(db => LiveAsync(db, new KnownRow(table, isSparse: true), isSparse: true));
            }
        }
    }

    [Fact]
    public void Step_that_takes_something_away_is_found()
    {
        using var db = EmptyStore.Offline();
        var versions = SchemaOfVersion.All(db);

        // The other way round each step takes away what it brought.
        Assert.Contains("leases is gone", versions.Skip(1).Zip(versions, (newer, older) => newer.FaultsOf(older)).SelectMany(faults => faults));
        Assert.Contains(versions[2].FaultsOf(versions[1]), fault => fault.EndsWith("is gone", StringComparison.Ordinal));
    }

    public static TheoryData<string, Action<IMutableEntityType>> Planted => new()
    {
        { "counters is gone", table => table.SetTableName("numbers") },
        { "counters.value is gone", table => table.FindProperty("Value")!.SetColumnName("number") },
        { "counters.value was INTEGER and is TEXT", table => table.FindProperty("Value")!.SetColumnType("TEXT") },
        { "counters has a new rule: unique value", table => table.AddIndex(table.FindProperty("Value")!).IsUnique = true },
        { "counters has a new rule: check value < 1000", table => table.AddCheckConstraint("ck_small", "value < 1000") },
        { "counters is no longer unique name", WidenKey },
        { "", table => table.AddProperty("note", typeof(string)) },
        { "", table => table.AddIndex(table.FindProperty("Value")!) },
    };

    private static void WidenKey(IMutableEntityType table)
    {
        var old = table.FindPrimaryKey()!;
        table.SetPrimaryKey([table.FindProperty("Name")!, table.FindProperty("Value")!]);
        table.RemoveKey(old);
    }

    [Theory]
    [MemberData(nameof(Planted))]
    public void Planted_step_is_found_or_let_pass(string fault, Action<IMutableEntityType> step)
    {
        using var db = EmptyStore.Offline();

        var next = SchemaOfVersion.Planted(db, model => step(model.GetEntityTypes().Single(type => type.GetTableName() is "counters")));

        Assert.Equal(fault.Length > 0 ? [fault] : [], SchemaOfVersion.All(db)[^1].FaultsOf(next).Take(1));
    }

    /// <summary>What no model tells: the engine's own word.</summary>
    [Theory]
    [InlineData("ALTER TABLE counters ADD COLUMN planted bigint NOT NULL", "planted")]
    [InlineData("ALTER TABLE logs ALTER COLUMN sequence DROP IDENTITY", "sequence")]
    [InlineData("ALTER TABLE counters DROP CONSTRAINT pk_counters", "ON CONFLICT")]
    public async Task Planted_step_is_refused_by_the_engine(string step, string said)
    {
        await using var store = await EmptyStore.CreateAsync("Postgres");
        var newest = await store.WithAsync(db => Task.FromResult(SchemaOfVersion.All(db)[^1]));
        await store.WithAsync(db => MigrateAsync(db, null));
        await store.WithAsync(db => db.Database.ExecuteSqlRawAsync(step, Cancel));
        var table = newest.Model.Tables.Single(table => step.Contains($"TABLE {table.Name} ", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            foreach (var isSparse in (bool[])[false, true]) await store.WithAsync(db => LiveAsync(db, new KnownRow(table, isSparse), isSparse));
        });

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task Program_starts_on_the_schema_of_a_newer_one_and_leaves_it_as_it_is(string engine)
    {
        await using var store = await EmptyStore.CreateAsync(engine);
        await store.WithAsync(db => MigrateAsync(db, null));
        var before = await store.WithAsync(async db =>
        {
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_OfANewerProgram', '99.0.0')", Cancel);
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE deployments ADD COLUMN of_a_newer_program integer NOT NULL DEFAULT 7", Cancel);
            return await db.Database.GetAppliedMigrationsAsync(Cancel);
        });

        var log = new KeptLog();
        await using (var host = await store.StartAsync(log)) await (await Deployments.Api.InNewWorkspaceAsync(host)).CreateAsync("on-a-newer-schema");

        Assert.Equal(before, await store.WithAsync(db => db.Database.GetAppliedMigrationsAsync(Cancel)));
        Assert.Equal(7, await store.WithAsync(db => db.Database.SqlQueryRaw<int>("SELECT of_a_newer_program AS \"Value\" FROM deployments").SingleAsync(Cancel)));
        var said = Assert.Single(log.Of("SchemaIsNewer"));
        Assert.Equal(LogLevel.Warning, said.Level);
        Assert.StartsWith("The store has the schema 29990101000000_OfANewerProgram of another version, ", said.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task Schema_never_goes_back_and_what_is_in_it_stays(string engine)
    {
        await using var store = await EmptyStore.CreateAsync(engine);
        await store.MigrateToAsync(null);
        var known = await store.WithAsync(db => Task.FromResult(db.Database.GetMigrations().ToList()));
        await store.WithAsync(db => db.Database.ExecuteSqlRawAsync("INSERT INTO counters (name, value) VALUES ('kept', 7)", Cancel));

        foreach (var earlier in known) await store.MigrateToAsync(earlier);

        Assert.Equal(known, await store.WithAsync(db => db.Database.GetAppliedMigrationsAsync(Cancel)));
        Assert.Equal(7, await store.WithAsync(db => db.Counters.Where(row => row.Name == "kept").Select(row => row.Value).SingleAsync(Cancel)));
        var log = new KeptLog();
        await using (await store.StartAsync(log)) Assert.Empty(log.Of("SchemaIsNewer"));
    }

    /// <summary>A version that left the line before the newest migration of this one: what is missing comes, what is unknown stays.</summary>
    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task Migration_that_is_missing_below_an_unknown_one_still_comes(string engine)
    {
        await using var store = await EmptyStore.CreateAsync(engine);
        var known = await store.WithAsync(db => Task.FromResult(db.Database.GetMigrations().ToList()));
        await store.MigrateToAsync(known[^2]);
        await store.WithAsync(db => db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_OfANewerProgram', '99.0.0')", Cancel));

        await store.MigrateToAsync(null);

        Assert.Equal([.. known, "29990101000000_OfANewerProgram"], await store.WithAsync(db => db.Database.GetAppliedMigrationsAsync(Cancel)));
    }

    private static async Task<int> MigrateAsync(PilothouseDb db, string? migration)
    {
        await db.Database.MigrateAsync(migration, Cancel);
        return 0;
    }

    /// <summary>A row of what the older program knows comes, is read, changed, and goes.</summary>
    private static async Task<int> LiveAsync(PilothouseDb db, KnownRow row, bool isSparse = false)
    {
        // Rows of other tables are another matter.
        await db.Database.OpenConnectionAsync(Cancel);
        await db.Database.ExecuteSqlRawAsync(db is SqliteDb ? "PRAGMA foreign_keys = OFF" : "SET session_replication_role = replica", Cancel);
        await row.InsertAsync(db);
        var read = await row.ReadAsync(db);
        Assert.NotEmpty(read);
        if (!isSparse)
        {
            await row.InsertOrUpdateAsync(db);
            await row.UpdateAsync(db);
            Assert.Equal(read, await row.ReadAsync(db));
        }

        await row.DeleteAsync(db);
        return 0;
    }
}
