using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Storage;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Control.Tests.World;

/// <summary>
/// A data directory has a database of its own, a copy of a migrated one, since migrating takes longer than most tests. <c>PILOTHOUSE_TEST_DATABASE=postgres</c>
/// runs the tests on PostgreSQL.
/// </summary>
internal static class TestDatabase
{
    private const string Template = "migrated";
    private const string DatabaseFile = "pilothouse.db";

    private static readonly Lazy<Task<string>> s_template = new(MakeTemplateAsync);
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> s_names = new(StringComparer.Ordinal);

    public static bool IsPostgres { get; } = Environment.GetEnvironmentVariable("PILOTHOUSE_TEST_DATABASE") is "postgres";

    /// <returns>Null: SQLite, in the directory.</returns>
    public static async Task<string?> OfAsync(string directory)
    {
        if (IsPostgres) return await s_names.GetOrAdd(directory, _ => new Lazy<Task<string>>(CreateAsync)).Value;
        var file = Path.Combine(directory, DatabaseFile);
        if (!File.Exists(file)) File.Copy(await s_template.Value, file);
        return null;
    }

    public static async Task RemoveAsync(string directory)
    {
        if (!s_names.TryRemove(directory, out var made)) return;
        var name = new Npgsql.NpgsqlConnectionStringBuilder(await made.Value).Database!;
        await (await PostgresServer.OneAsync()).DropDatabaseAsync(name);
    }

    private static async Task<string> CreateAsync()
    {
        await s_template.Value;
        var server = await PostgresServer.OneAsync();
        var name = $"t{Guid.NewGuid():N}";
        await server.CreateDatabaseAsync(name, Template);
        return server.ConnectionString(name);
    }

    /// <returns>SQLite's file.</returns>
    private static async Task<string> MakeTemplateAsync()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-template-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Storage:DataDirectory"] = directory };
        if (IsPostgres)
        {
            var server = await PostgresServer.OneAsync();
            await server.CreateDatabaseAsync(Template);
            settings["Storage:Database"] = $"{server.ConnectionString(Template)};Pooling=false";
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        await using (var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddStorage(configuration).BuildServiceProvider())
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);

        // What lies beside the file goes into it when the last connection closes.
        var file = Path.Combine(directory, DatabaseFile);
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file }.ToString());
        SqliteConnection.ClearPool(connection);
        return file;
    }
}
