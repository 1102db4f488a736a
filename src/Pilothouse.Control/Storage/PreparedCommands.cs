using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Pilothouse.Control.Storage;

/// <summary>Hand-written SQL, in words that every engine understands.</summary>
/// <param name="Parameters">e.g. <c>@workspace</c>; values come in this order.</param>
internal abstract record PreparedStatement(string Sql, IReadOnlyList<(string Name, DbType Type)> Parameters);

/// <param name="Row">One row, by the order of the columns.</param>
internal sealed record PreparedRead<T>(string Sql, IReadOnlyList<(string Name, DbType Type)> Parameters, Func<PilothouseDb, DbDataReader, T> Row)
    : PreparedStatement(Sql, Parameters);

internal sealed record PreparedWrite(string Sql, IReadOnlyList<(string Name, DbType Type)> Parameters) : PreparedStatement(Sql, Parameters);

/// <summary>
/// Statements that a context's connection has prepared, and keeps as long as it is open (<see cref="OpenContexts"/>). They join the context's
/// transaction, and are told to EF's interceptors and diagnostics as its own are; the connection must be open.
/// </summary>
internal sealed class PreparedCommands(PilothouseDb db)
{
    // By reference: each statement is one static value.
    private readonly Dictionary<PreparedStatement, DbCommand> _commands = new(ReferenceEqualityComparer.Instance);
    private readonly IRelationalConnection _connection = db.GetService<IRelationalConnection>();
    private readonly IRelationalCommandDiagnosticsLogger _told = db.GetService<IRelationalCommandDiagnosticsLogger>();
    private DbConnection? _watched;

    /// <summary>All rows.</summary>
    public async Task<List<T>> ReadAsync<T>(PreparedRead<T> statement, object?[] values, CancellationToken cancellationToken)
    {
        var command = await CommandAsync(statement, values, cancellationToken);
        await _told.CommandReaderExecutingAsync(
            _connection, command, command.CommandText, db, Guid.Empty, _connection.ConnectionId, DateTimeOffset.UnixEpoch, CommandSource.Unknown, cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken)) rows.Add(statement.Row(db, reader));
        return rows;
    }

    /// <returns>How many rows it changed.</returns>
    public async Task<int> WriteAsync(PreparedWrite statement, object?[] values, CancellationToken cancellationToken)
    {
        var command = await CommandAsync(statement, values, cancellationToken);
        await _told.CommandNonQueryExecutingAsync(
            _connection, command, command.CommandText, db, Guid.Empty, _connection.ConnectionId, DateTimeOffset.UnixEpoch, CommandSource.Unknown, cancellationToken);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async ValueTask<DbCommand> CommandAsync(PreparedStatement statement, object?[] values, CancellationToken cancellationToken)
    {
        var connection = db.Database.GetDbConnection();
        Watch(connection);
        var isNew = !_commands.TryGetValue(statement, out var command);
        if (isNew) command = New(connection, statement);
        command!.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        for (var at = 0; at < values.Length; at++)
            command.Parameters[at].Value = values[at] switch { null => DBNull.Value, DateTimeOffset time => db.ToColumn(time), var value => value };
        if (!isNew) return command;
        await command.PrepareAsync(cancellationToken);
        return _commands[statement] = command;
    }

    /// <summary>
    /// Nothing outlives the opening that it was prepared in: when a connection opens again it has another of SQLite's handles, and a statement
    /// of the former one would run there, beside the transaction.
    /// </summary>
    private void Watch(DbConnection connection)
    {
        if (ReferenceEquals(_watched, connection)) return;
        Forget();
        if (_watched is not null) _watched.StateChange -= OnStateChange;
        _watched = connection;
        connection.StateChange += OnStateChange;
    }

    private void OnStateChange(object sender, StateChangeEventArgs change)
    {
        if (change.CurrentState is ConnectionState.Closed) Forget();
    }

    private void Forget()
    {
        foreach (var command in _commands.Values) command.Dispose();
        _commands.Clear();
    }

    private static DbCommand New(DbConnection connection, PreparedStatement statement)
    {
        var command = connection.CreateCommand();
        command.CommandText = statement.Sql;
        foreach (var (name, type) in statement.Parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.DbType) = (name, type);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
