using System.Security.Cryptography;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Bench.Scale;

/// <summary>A PostgreSQL database for control planes that share it, and what else they share.</summary>
internal sealed class PostgresStore : IAsyncDisposable
{
    /// <summary>Of its first administrator.</summary>
    public const string Key = "lsv2_sk_ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

    private readonly string _root;

    private PostgresStore(string root, string connectionString)
    {
        (_root, ConnectionString) = (root, connectionString);
        Variables = new(StringComparer.Ordinal)
        {
            ["PILOTHOUSE_Storage__Database"] = connectionString,
            ["PILOTHOUSE_Storage__SharedDirectory"] = Path.Combine(root, "shared"),
            ["PILOTHOUSE_Secrets__MasterKey"] = $"file:{Path.Combine(root, "master-key")}",
            ["PILOTHOUSE_BOOTSTRAP_KEY"] = Key,
        };
    }

    public string ConnectionString { get; }

    /// <summary>Of the environment of each.</summary>
    public Dictionary<string, string> Variables { get; }

    public static async Task<PostgresStore> CreateAsync(string database)
    {
        var postgres = await PostgresServer.OneAsync();
        await postgres.CreateDatabaseAsync(database);
        var root = Directory.CreateTempSubdirectory("pilothouse-bench-store-").FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "master-key"), $"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}\n");
        return new PostgresStore(root, postgres.ConnectionString(database));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }
}
