using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contract.Tests.World;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>All rows of the store that belong to one workspace or name one of its things, as text.</summary>
internal static class Snapshot
{
    /// <summary>Written when a key was used, at some time.</summary>
    private static readonly string[] s_beside = ["last_used_at"];

    public static async Task<IReadOnlyList<string>> OfAsync(ContractHost host, Tenant tenant)
    {
        var marks = tenant.Ids.Values.Where(id => Guid.TryParse(id, out _)).Append(tenant.Workspace.ToString()).Distinct().ToList();
        await using var db = await host.DbAsync();
        var connection = db.Database.GetDbConnection();
        await connection.OpenAsync(ContractHost.Cancel);
        var found = new List<string>();
        foreach (var table in await TablesAsync(connection))
            found.AddRange((await RowsAsync(connection, table)).Where(row => marks.Any(mark => row.Contains(mark, StringComparison.OrdinalIgnoreCase))));
        return found;
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(DbConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        await using var reader = await command.ExecuteReaderAsync(ContractHost.Cancel);
        var names = new List<string>();
        while (await reader.ReadAsync(ContractHost.Cancel)) names.Add(reader.GetString(0));

        // Whoever asked for something has that written down as its own.
        return [.. names.Where(name => name is not ("audit" or "audit_log"))];
    }

    private static async Task<IReadOnlyList<string>> RowsAsync(DbConnection connection, string table)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The name comes from the store's own list of tables.
        command.CommandText = $"SELECT * FROM \"{table}\" ORDER BY rowid";
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(ContractHost.Cancel);
        var rows = new List<string>();
        while (await reader.ReadAsync(ContractHost.Cancel))
        {
            rows.Add($"{table}: " + string.Join(" | ", Enumerable.Range(0, reader.FieldCount)
                .Where(at => !s_beside.Contains(reader.GetName(at)))
                .Select(at => reader.GetValue(at) is byte[] bytes ? Convert.ToHexString(bytes) : $"{reader.GetValue(at)}")));
        }

        return rows;
    }
}
