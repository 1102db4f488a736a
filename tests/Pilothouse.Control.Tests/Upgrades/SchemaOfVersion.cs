using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Tests.Upgrades;

/// <summary>The tables as the program knew them whose newest migration this is.</summary>
internal sealed record SchemaOfVersion(string Migration, IRelationalModel Model)
{
    /// <summary>In the order of their migrations.</summary>
    public static IReadOnlyList<SchemaOfVersion> All(PilothouseDb db)
    {
        var migrations = db.GetService<IMigrationsAssembly>();
        return [.. migrations.Migrations.Select(known => Of(db, known.Key, _ => { }))];
    }

    /// <summary>As a next migration might leave the newest one, for seeing that its faults are found.</summary>
    public static SchemaOfVersion Planted(PilothouseDb db, Action<IMutableModel> change) => Of(db, db.GetService<IMigrationsAssembly>().Migrations.Last().Key, change);

    private static SchemaOfVersion Of(PilothouseDb db, string migration, Action<IMutableModel> change)
    {
        var migrations = db.GetService<IMigrationsAssembly>();
        var model = (IMutableModel)migrations.CreateMigration(migrations.Migrations[migration], db.Database.ProviderName!).TargetModel;
        change(model);
        return new SchemaOfVersion(
            migration, db.GetService<IModelRuntimeInitializer>().Initialize(model.FinalizeModel(), designTime: true, validationLogger: null).GetRelationalModel());
    }

    /// <summary>What a program of this version could not live with in the schema of the next one.</summary>
    public IEnumerable<string> FaultsOf(SchemaOfVersion next)
    {
        foreach (var table in Model.Tables)
        {
            if (next.Model.FindTable(table.Name, table.Schema) is not { } now)
            {
                yield return $"{table.Name} is gone";
                continue;
            }

            foreach (var column in table.Columns)
            {
                if (now.FindColumn(column.Name) is not { } kept) yield return $"{table.Name}.{column.Name} is gone";
                else if (!string.Equals(kept.StoreType, column.StoreType, StringComparison.Ordinal)) yield return $"{table.Name}.{column.Name} was {column.StoreType} and is {kept.StoreType}";
                else if (column.IsNullable && !kept.IsNullable) yield return $"{table.Name}.{column.Name} may not be null any more";
            }

            foreach (var fault in FaultsOfRules(table, now)) yield return fault;
        }
    }

    /// <summary>New ones over what the older program writes, which it does not know to keep; and uniqueness that is gone, by which it inserts or updates (ON CONFLICT).</summary>
    private static IEnumerable<string> FaultsOfRules(ITable table, ITable now)
    {
        var known = table.Columns.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        List<Rule> before = [.. Rules(table)], after = [.. Rules(now)];
        return after.ExceptBy(before.Select(rule => rule.Text), rule => rule.Text, StringComparer.Ordinal)
            .Where(rule => rule.Kind is "check" ? known.Any(name => rule.Text.Contains(name, StringComparison.Ordinal)) : known.IsSupersetOf(rule.Columns))
            .Where(rule => !(rule.Kind is "unique" && before.Exists(known => known is { Kind: "unique", More: "" } && known.Columns.All(rule.Columns.Contains))))
            .Select(rule => $"{table.Name} has a new rule: {rule.Text}")
            .Concat(before.Where(rule => rule.Kind is "unique").ExceptBy(after.Select(rule => rule.Text), rule => rule.Text, StringComparer.Ordinal)
                .Select(rule => $"{table.Name} is no longer {rule.Text}"));
    }

    private static IEnumerable<Rule> Rules(ITable table) =>
    [
        .. table.UniqueConstraints.Select(key => new Rule("unique", Names(key.Columns), "")),
        .. table.Indexes.Where(index => index.IsUnique).Select(index => new Rule("unique", Names(index.Columns), index.Filter ?? "")),
        .. table.ForeignKeyConstraints.Select(key => new Rule("references", Names(key.Columns), key.PrincipalTable.Name)),
        .. table.CheckConstraints.Select(check => new Rule("check", [], check.Sql)),
    ];

    private static string[] Names(IEnumerable<IColumn> columns) => [.. columns.Select(column => column.Name)];

    private sealed record Rule(string Kind, string[] Columns, string More)
    {
        public string Text { get; } = string.Join(' ', (string[])[Kind, .. Columns.Length > 0 ? [string.Join(',', Columns)] : (string[])[], .. More.Length > 0 ? [More] : (string[])[]]);
    }
}
