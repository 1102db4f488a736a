using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Storage;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Control.Tests.World;

/// <summary><c>PILOTHOUSE_TEST_DATABASE=postgres</c> runs the tests on PostgreSQL: a data directory has a database of its own there, a copy of a migrated one.</summary>
internal static class TestDatabase
{
    private const string Template = "migrated";

    private static readonly Lazy<Task> s_template = new(MakeTemplateAsync);
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> s_names = new(StringComparer.Ordinal);

    public static bool IsPostgres { get; } = Environment.GetEnvironmentVariable("PILOTHOUSE_TEST_DATABASE") is "postgres";

    /// <returns>Null: SQLite.</returns>
    public static async Task<string?> OfAsync(string directory) =>
        IsPostgres ? await s_names.GetOrAdd(directory, _ => new Lazy<Task<string>>(CreateAsync)).Value : null;

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

    private static async Task MakeTemplateAsync()
    {
        var server = await PostgresServer.OneAsync();
        await server.CreateDatabaseAsync(Template);
        var directory = Directory.CreateTempSubdirectory("pilothouse-template-").FullName;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Storage:DataDirectory"] = directory,
            ["Storage:Database"] = $"{server.ConnectionString(Template)};Pooling=false",
        }).Build();
        await using (var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddStorage(configuration).BuildServiceProvider())
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }
}
