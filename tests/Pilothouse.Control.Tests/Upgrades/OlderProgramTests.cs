using System.Data.Common;
using System.Globalization;
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
            foreach (var table in older.Model.Tables) await store.WithAsync(db => LiveAsync(db, table));
        }
    }

    [Fact]
    public void Step_that_takes_something_away_is_found()
    {
        using var db = EmptyStore.Offline();
        var versions = SchemaOfVersion.All(db);

        // The other way round each step takes away what it brought.
        Assert.Contains("leases is gone", versions[^1].FaultsOf(versions[^2]));
        Assert.Contains(versions[2].FaultsOf(versions[1]), fault => fault.EndsWith("is gone", StringComparison.Ordinal));
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
    private static async Task<int> LiveAsync(PilothouseDb db, ITable table)
    {
        await db.Database.OpenConnectionAsync(Cancel);

        // Rows of other tables are another matter.
        await db.Database.ExecuteSqlRawAsync(db is SqliteDb ? "PRAGMA foreign_keys = OFF" : "SET session_replication_role = replica", Cancel);
        var columns = table.Columns.ToArray();
        var key = table.PrimaryKey!.Columns.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        var values = columns.ToDictionary(column => column.Name, ValueOf, StringComparer.Ordinal);
        var ofKey = string.Join(" AND ", key.Select(name => $"\"{name}\" = @{name}"));
        var others = columns.Where(column => !key.Contains(column.Name)).Select(column => $"\"{column.Name}\" = @{column.Name}").ToArray();

        await RunAsync($"INSERT INTO \"{table.Name}\" ({string.Join(", ", columns.Select(column => $"\"{column.Name}\""))}) VALUES ({string.Join(", ", columns.Select(column => $"@{column.Name}"))})");
        if (others.Length > 0) await RunAsync($"UPDATE \"{table.Name}\" SET {string.Join(", ", others)} WHERE {ofKey}");
        await RunAsync($"DELETE FROM \"{table.Name}\" WHERE {ofKey} AND 1 = (SELECT count(*) FROM (SELECT {string.Join(", ", columns.Select(column => $"\"{column.Name}\""))} FROM \"{table.Name}\" WHERE {ofKey}) row)");
        return 0;

        async Task RunAsync(string sql)
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in values)
            {
                if (!sql.Contains($"@{name}", StringComparison.Ordinal)) continue;
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }

            Assert.Equal(1, await ChangedAsync(command, table.Name));
        }
    }

    private static async Task<int> ChangedAsync(DbCommand command, string table)
    {
        try
        {
            return await command.ExecuteNonQueryAsync(Cancel);
        }
        catch (DbException refused)
        {
            throw new InvalidOperationException($"{table}: {refused.Message}\n{command.CommandText}", refused);
        }
    }

    private static object ValueOf(IColumn column)
    {
        var type = column.PropertyMappings[0].Property.GetProviderClrType() ?? column.PropertyMappings[0].Property.ClrType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (column.StoreType is "INTEGER") return 1L;
        if (type == typeof(string)) return "text";
        if (type == typeof(Guid)) return Guid.NewGuid();
        if (type == typeof(byte[])) return new byte[] { 1 };
        if (type == typeof(DateTimeOffset)) return DateTimeOffset.UnixEpoch;
        if (type == typeof(bool)) return true;
        return Convert.ChangeType(1, type, CultureInfo.InvariantCulture);
    }
}
