using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Tests.Backups;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>Backups know no engine; on either engine's run.</summary>
public sealed class PostgresBackupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pilothouse-moved-").FullName;

    [Fact]
    public async Task Store_on_PostgreSQL_comes_back_on_PostgreSQL_and_moves_to_SQLite_and_back()
    {
        await using var original = await EmptyDatabase.CreateAsync();
        await using var second = await EmptyDatabase.CreateAsync();
        await using var third = await EmptyDatabase.CreateAsync();
        var key = $"file:{await MasterKeyAsync()}";
        await using (var host = await original.StartAsync(key))
        {
            var api = await Api.InNewWorkspaceAsync(host);
            for (var at = 0; at < 5; at++) await api.CreateExternalAsync($"app-{at}", secrets: """[{"name":"KEY","value":"a value"}]""");
        }

        var taken = await BackUpAsync(original.ConnectionString, key);
        await RestoreAsync(taken, second.ConnectionString, key, expected: 5);
        await RestoreAsync(taken, database: null, key, expected: 5);
        var moved = await BackUpAsync(database: null, key);
        await RestoreAsync(moved, third.ConnectionString, key, expected: 5);

        var rows = await BackupFiles.RowsAsync(taken);
        Assert.Equal(rows, await BackupFiles.RowsAsync(moved));
        Assert.Equal(rows, await BackupFiles.RowsAsync(await BackUpAsync(third.ConnectionString, key)));

        // Numbers that the database gives out go on where they were.
        await using var again = await third.StartAsync(key);
        await (await Api.InNewWorkspaceAsync(again)).CreateExternalAsync("after");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<string> MasterKeyAsync()
    {
        var file = Path.Combine(_directory, "key");
        await File.WriteAllTextAsync(file, $"1:{Convert.ToBase64String(new byte[32])}\n", ControlHost.Cancel);
        return file;
    }

    private async Task<string> BackUpAsync(string? database, string key)
    {
        var file = Path.Combine(_directory, $"{Guid.NewGuid():N}.backup");
        await using var store = Store(database, key);
        await store.Backups.CreateAsync(file, ControlHost.Cancel);
        return file;
    }

    private async Task RestoreAsync(string file, string? database, string key, int expected)
    {
        await using var store = Store(database, key);
        await store.Backups.RestoreAsync(file, ControlHost.Cancel);
        Assert.Equal(expected, await store.WithDbAsync(db => db.Deployments.CountAsync(ControlHost.Cancel)));
        Assert.Empty((await store.Backups.CheckSecretsAsync(ControlHost.Cancel)).Unreadable);
    }

    /// <param name="database">Null: SQLite in a directory that all of these share.</param>
    private OfflineStore Store(string? database, string key) => new(
        Path.Combine(_directory, database is null ? "sqlite" : $"{(uint)database.GetHashCode(StringComparison.Ordinal)}"),
        new() { ["Storage:Database"] = database, ["Secrets:MasterKey"] = key });
}
