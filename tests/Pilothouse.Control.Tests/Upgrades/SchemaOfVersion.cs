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
        var initializer = db.GetService<IModelRuntimeInitializer>();
        return
        [
            .. migrations.Migrations.Select(known => new SchemaOfVersion(known.Key, Model(migrations.CreateMigration(known.Value, db.Database.ProviderName!)))),
        ];

        IRelationalModel Model(Migration migration) =>
            initializer.Initialize(((IMutableModel)migration.TargetModel).FinalizeModel(), designTime: true, validationLogger: null).GetRelationalModel();
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

            foreach (var fault in NewRules(table, now)) yield return fault;
        }
    }

    /// <summary>Rules over what the older program writes, which it does not know to keep.</summary>
    private static IEnumerable<string> NewRules(ITable table, ITable now)
    {
        var known = table.Columns.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        var before = Rules(table).ToHashSet(StringComparer.Ordinal);
        return Rules(now).Where(rule => !before.Contains(rule) && known.IsSupersetOf(rule.Split(' ')[1].Split(','))).Select(rule => $"{table.Name} has a new rule: {rule}");
    }

    private static IEnumerable<string> Rules(ITable table) =>
        table.Indexes.Where(index => index.IsUnique).Select(index => $"unique {string.Join(',', index.Columns.Select(column => column.Name))}")
            .Concat(table.ForeignKeyConstraints.Select(key => $"references {string.Join(',', key.Columns.Select(column => column.Name))} {key.PrincipalTable.Name}"));
}
