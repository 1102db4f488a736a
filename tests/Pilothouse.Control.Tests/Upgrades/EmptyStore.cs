using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Control.Tests.Upgrades;

/// <summary>An empty store of either engine.</summary>
internal sealed class EmptyStore(string directory, string? database) : IAsyncDisposable
{
    private readonly NpgsqlDataSource? _source = database is null ? null : NpgsqlDataSource.Create(database);

    public static async Task<EmptyStore> CreateAsync(string engine)
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-upgrade-").FullName;
        if (engine is "Sqlite") return new EmptyStore(directory, null);
        var server = await PostgresServer.OneAsync();
        var name = $"u{Guid.NewGuid():N}";
        await server.CreateDatabaseAsync(name);
        return new EmptyStore(directory, server.ConnectionString(name));
    }

    public static SqliteDb Offline()
    {
        var options = new DbContextOptionsBuilder<SqliteDb>();
        StorageFeature.UseSqlite(options, ":memory:");
        return new SqliteDb(options.Options);
    }

    public Task<T> WithAsync<T>(Func<PilothouseDb, Task<T>> use) => WithAsync(use, []);

    public async Task<T> WithAsync<T>(Func<PilothouseDb, Task<T>> use, params IInterceptor[] interceptors)
    {
        await using var db = Open(interceptors);
        return await use(db);
    }

    /// <summary>A control plane of this version on it.</summary>
    public Task<ControlHost> StartAsync(KeptLog log) => ControlHost.StartAsync(
        new() { ["Storage:Database"] = database ?? "" }, directory, services => services.AddSingleton<ILoggerProvider>(log));

    /// <summary>As <c>migrate</c> does.</summary>
    public async Task MigrateToAsync(string? migration)
    {
        await using var store = new OfflineStore(directory, new() { ["Storage:Database"] = database ?? "" });
        await store.Get<DatabaseMigrator>().MigrateToAsync(migration, ControlHost.Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null) await _source.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(directory, recursive: true);
    }

    private PilothouseDb Open(IInterceptor[] interceptors)
    {
        if (_source is null)
        {
            var sqlite = new DbContextOptionsBuilder<SqliteDb>();
            StorageFeature.UseSqlite(sqlite, Path.Combine(directory, "pilothouse.db"));
            return new SqliteDb(sqlite.AddInterceptors(interceptors).Options);
        }

        var postgres = new DbContextOptionsBuilder<PostgresDb>();
        StorageFeature.UsePostgres(postgres, _source);
        return new PostgresDb(postgres.AddInterceptors(interceptors).Options);
    }
}
