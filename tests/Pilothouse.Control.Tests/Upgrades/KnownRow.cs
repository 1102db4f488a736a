using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Tests.Upgrades;

/// <summary>A row of a table as one version knew it, with a value of its own in each column, so that none is taken for another.</summary>
internal sealed class KnownRow(ITable table, bool isSparse = false)
{
    private readonly IColumn[] _columns = [.. table.Columns];
    private readonly Dictionary<string, object> _values = table.Columns.Select((column, at) => (column.Name, Value: ValueOf(table, column, at + 1)))
        .ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);

    private readonly HashSet<string> _key = [.. table.PrimaryKey!.Columns.Select(column => column.Name)];

    private static CancellationToken Cancel => ControlHost.Cancel;

    public string Table => table.Name;

    /// <summary>Without what may be left out when it is sparse: null, or given by the engine.</summary>
    public Task InsertAsync(PilothouseDb db) => ChangeAsync(db, Insert(_columns.Where(column => !isSparse || !MayBeLeftOut(column))));

    /// <summary>Again, as who inserts or updates by something that is unique.</summary>
    public async Task InsertOrUpdateAsync(PilothouseDb db)
    {
        var unique = table.UniqueConstraints.Select(key => key.Columns).Concat(table.Indexes.Where(index => index.IsUnique && index.Filter is null).Select(index => index.Columns));
        foreach (var columns in unique)
            await ChangeAsync(db, $"{Insert(_columns)} ON CONFLICT ({Names(columns)}) DO UPDATE SET {Set(_columns[0])}");
    }

    public Task UpdateAsync(PilothouseDb db) =>
        ChangeAsync(db, $"UPDATE {Quoted(table.Name)} SET {string.Join(", ", _columns.Where(column => _columns.Length == _key.Count || !_key.Contains(column.Name)).Select(Set))} WHERE {OfKey}");

    public Task DeleteAsync(PilothouseDb db) => ChangeAsync(db, isSparse ? $"DELETE FROM {Quoted(table.Name)}" : $"DELETE FROM {Quoted(table.Name)} WHERE {OfKey}");

    /// <returns>A line for each column, as the engine stores it; empty: there is no such row.</returns>
    public async Task<IReadOnlyList<string>> ReadAsync(PilothouseDb db)
    {
        await using var command = await CommandAsync(db, $"SELECT {Names(_columns)} FROM {Quoted(table.Name)}{(isSparse ? "" : $" WHERE {OfKey}")}");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        if (!await reader.ReadAsync(Cancel)) return [];
        return [.. _columns.Select((column, at) => $"{table.Name}.{column.Name} = {Shown(reader.GetValue(at))}")];
    }

    private string OfKey => string.Join(" AND ", _columns.Where(column => _key.Contains(column.Name)).Select(Set));

    private static bool MayBeLeftOut(IColumn column) =>
        column.IsNullable || (column.PropertyMappings[0].Property.ValueGenerated is ValueGenerated.OnAdd && column.PropertyMappings[0].Property.ClrType == typeof(long));

    private string Insert(IEnumerable<IColumn> columns)
    {
        var named = columns.ToList();
        return named.Count == 0
            ? $"INSERT INTO {Quoted(table.Name)} DEFAULT VALUES"
            : $"INSERT INTO {Quoted(table.Name)} ({Names(named)}) VALUES ({string.Join(", ", named.Select(column => $"@{column.Name}"))})";
    }

    private async Task ChangeAsync(PilothouseDb db, string sql)
    {
        await using var command = await CommandAsync(db, sql);
        try
        {
            var changed = await command.ExecuteNonQueryAsync(Cancel);
            if (changed != 1) throw new InvalidOperationException($"{table.Name}: {changed} rows changed.\n{sql}");
        }
        catch (DbException refused)
        {
            throw new InvalidOperationException($"{table.Name}: {refused.Message}\n{sql}", refused);
        }
    }

    private async Task<DbCommand> CommandAsync(PilothouseDb db, string sql)
    {
        await db.Database.OpenConnectionAsync(Cancel);
        var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in _values.Where(pair => sql.Contains($"@{pair.Key}", StringComparison.Ordinal)))
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static string Quoted(string name) => $"\"{name}\"";

    private static string Names(IEnumerable<IColumn> columns) => string.Join(", ", columns.Select(column => Quoted(column.Name)));

    private static string Set(IColumn column) => $"{Quoted(column.Name)} = @{column.Name}";

    private static object ValueOf(ITable table, IColumn column, int number)
    {
        var type = column.PropertyMappings[0].Property.GetProviderClrType() ?? column.PropertyMappings[0].Property.ClrType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(bool)) return true;
        if (column.StoreType is "INTEGER") return (long)number;
        if (type == typeof(string)) return $"{table.Name}.{column.Name} \u00e9\u4e2d";
        if (type == typeof(Guid)) return new Guid(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type == typeof(byte[])) return new byte[] { (byte)number, 0, 255 };
        if (type == typeof(DateTimeOffset)) return DateTimeOffset.UnixEpoch.AddDays(number);
        return Convert.ChangeType(number, type, CultureInfo.InvariantCulture);
    }

    private static string Shown(object value) => value is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
