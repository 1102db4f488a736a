using System.Text;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>Second pass over a backup: rows into the open transaction, archives to where the rows say that they are.</summary>
internal sealed class RestoreRows(PilothouseDb db, UploadArchives archives, BackupContents contents) : IBackupVisitor
{
    // SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535; beyond some hundred more gain nothing.
    private const int MaxParameters = 1000;

    private readonly List<object?> _values = [];
    private readonly StringBuilder _sql = new();
    private BackupTable? _table;

    public Task HeaderAsync(BackupHeader header, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task RowAsync(BackupTable table, object?[] values, CancellationToken cancellationToken)
    {
        if (_table != table || _values.Count + values.Length > MaxParameters) await FlushAsync(cancellationToken);
        if (_values.Count == 0) Begin(table);
        _sql.Append(_values.Count == 0 ? "(" : ", (");
        for (var at = 0; at < values.Length; at++)
        {
            _sql.Append(at == 0 ? "{" : ", {").Append(_values.Count).Append('}');
            _values.Add(values[at] is DateTimeOffset time ? db.ToColumn(time) : values[at]);
        }

        _sql.Append(')');
    }

    public async Task BlobAsync(string sha256, long size, Stream content, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        if (!contents.Archives.TryGetValue(sha256, out var paths)) throw new InvalidDataException($"'{BackupFormat.BlobsFolder}{sha256}' was not in it before");
        await archives.RestoreAsync(paths, content, cancellationToken);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_values.Count > 0) await db.Database.ExecuteSqlRawAsync(_sql.ToString(), _values!, cancellationToken);
        _values.Clear();
        _sql.Clear();
    }

    private void Begin(BackupTable table)
    {
        _table = table;
        _sql.Append("INSERT INTO \"").Append(table.Name).Append("\" (").Append(StoreTables.Columns(table)).Append(") VALUES ");
    }
}
