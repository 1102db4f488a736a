using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Pilothouse.Control.Storage;
using Xunit;

namespace Pilothouse.Control.Tests.Upgrades;

/// <summary>T26 for migrations: cut off anywhere, run twice, and gentle to who works meanwhile.</summary>
public sealed class MigrationTests
{
    /// <summary>Not each statement, of which there are a hundred.</summary>
    private const int Apart = 17;

    private static CancellationToken Cancel => ControlHost.Cancel;

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task T26_migration_that_is_cut_off_anywhere_is_finished_by_the_next_and_a_third_changes_nothing(string engine)
    {
        await using var whole = await EmptyStore.CreateAsync(engine);
        await whole.WithAsync(MigrateAsync);
        var wanted = await whole.WithAsync(SchemaAsync);

        var cuts = 0;
        for (var at = 1; ; at += Apart)
        {
            await using var store = await EmptyStore.CreateAsync(engine);
            var cut = new CutOff(at);
            try
            {
                await store.WithAsync(MigrateAsync, cut);
                Assert.True(cuts > 3, $"Only {cuts} cuts were made.");
                break;
            }
            catch (CutException)
            {
                cuts++;
            }

            await store.WithAsync(MigrateAsync);
            Assert.Equal(wanted, await store.WithAsync(SchemaAsync));
            await store.WithAsync(MigrateAsync);
            Assert.Equal(wanted, await store.WithAsync(SchemaAsync));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"cut off at {cuts} statements");
    }

    /// <summary>Each table of the first version has a row from the beginning, and each later one from the version on that brought it.</summary>
    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task What_every_version_wrote_is_there_with_its_values_on_the_newest_schema(string engine)
    {
        await using var store = await EmptyStore.CreateAsync(engine);
        var versions = await store.WithAsync(db => Task.FromResult(SchemaOfVersion.All(db)));
        var written = new List<(KnownRow Row, IReadOnlyList<string> Values)>();
        foreach (var version in versions)
        {
            await store.MigrateToAsync(version.Migration);
            foreach (var (row, values) in written) Assert.Equal(values, await store.WithAsync(row.ReadAsync));

            foreach (var table in version.Model.Tables.Where(table => written.TrueForAll(one => one.Row.Table != table.Name)))
            {
                var row = new KnownRow(table);
                written.Add((row, await store.WithAsync(async db =>
                {
                    await row.InsertAsync(db);
                    return await row.ReadAsync(db);
                })));
            }

            Assert.Equal(await store.WithAsync(TablesAsync), written.Select(one => one.Row.Table).Order(StringComparer.Ordinal));
        }

        // A cell that a migration changed would be seen.
        var (last, before) = written.Find(one => one.Row.Table is "counters");
        await store.WithAsync(db => db.Database.ExecuteSqlRawAsync("UPDATE counters SET value = value + 1", Cancel));
        Assert.NotEqual(before, await store.WithAsync(last.ReadAsync));
        TestContext.Current.TestOutputHelper?.WriteLine($"{versions.Count} versions, {written.Count} tables, {written.Sum(one => one.Values.Count)} values");
    }

    [Fact]
    public async Task New_index_of_a_table_that_is_in_use_is_built_beside_it()
    {
        await using var store = await EmptyStore.CreateAsync("Postgres");
        var faults = await store.WithAsync(db =>
        {
            var migrations = db.GetService<IMigrationsAssembly>();
            return Task.FromResult(migrations.Migrations.Skip(1).SelectMany(known => Blocking(known.Key, migrations.CreateMigration(known.Value, db.Database.ProviderName!))).ToList());
        });

        // EF's own way: .IsCreatedConcurrently() in the model, or the annotation in the migration.
        Assert.Empty(faults);
        Assert.NotEmpty(Blocking("planted", new Planted()));
    }

    private static IEnumerable<string> Blocking(string name, Migration migration)
    {
        var made = migration.UpOperations.OfType<CreateTableOperation>().Select(table => table.Name).ToHashSet(StringComparer.Ordinal);
        return migration.UpOperations.OfType<CreateIndexOperation>()
            .Where(index => !made.Contains(index.Table) && index["Npgsql:CreatedConcurrently"] is not true)
            .Select(index => $"{name} holds up everybody who writes to {index.Table} while it builds {index.Name}.");
    }

    private static async Task<int> MigrateAsync(PilothouseDb db)
    {
        await db.Database.MigrateAsync(Cancel);
        return 0;
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(PilothouseDb db)
    {
        var names = await db.Database.SqlQueryRaw<string>(
            db is SqliteDb ? "SELECT name AS \"Value\" FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'" : "SELECT tablename::text AS \"Value\" FROM pg_tables WHERE schemaname = 'public'")
            .ToListAsync(Cancel);
        return [.. names.Where(name => !name.StartsWith("__EF", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    private static async Task<IReadOnlyList<string>> SchemaAsync(PilothouseDb db) => await db.Database.SqlQueryRaw<string>(
        db is SqliteDb
            ? "SELECT sql AS \"Value\" FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_\\_EF%' ESCAPE '\\' ORDER BY type, name"
            : """
              SELECT line AS "Value" FROM (
                SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line FROM information_schema.columns WHERE table_schema = 'public'
                UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
                UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace) lines ORDER BY line
              """).ToListAsync(Cancel);

    private sealed class Planted : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateIndex("ix_deployments_name", "deployments", "name");
    }

    private sealed class CutException : Exception;

    /// <summary>The process dies before its n-th statement.</summary>
    private sealed class CutOff(int at) : DbCommandInterceptor
    {
        private int _statements;

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            ++_statements == at ? throw new CutException() : new(result);
    }
}
