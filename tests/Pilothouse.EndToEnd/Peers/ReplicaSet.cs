using System.Security.Cryptography;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing.Postgres;
using Xunit;

namespace Pilothouse.EndToEnd.Peers;

/// <summary>Several real control planes on one real PostgreSQL, with one directory that all of them see.</summary>
internal sealed class ReplicaSet : IAsyncDisposable
{
    public const string BootstrapKey = "lsv2_sk_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-peers-").FullName;
    private readonly List<RunningServer> _servers = [];

    private ReplicaSet()
    {
    }

    public IReadOnlyList<RunningServer> Servers => _servers;

    public static async Task<ReplicaSet> StartAsync(int count, string database, TimeSpan lease)
    {
        var set = new ReplicaSet();
        await (await PostgresServer.OneAsync()).CreateDatabaseAsync(database);
        var masterKey = Path.Combine(set._root, "master-key");
        await File.WriteAllTextAsync(masterKey, $"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}\n");
        var settings = new Dictionary<string, string>
        {
            ["Storage:Database"] = (await PostgresServer.OneAsync()).ConnectionString(database),
            ["Storage:SharedDirectory"] = Path.Combine(set._root, "shared"),
            ["Secrets:MasterKey"] = $"file:{masterKey}",
            ["Peers:Lease"] = $"{lease}",
            ["BOOTSTRAP_KEY"] = BootstrapKey,
        };
        for (var at = 0; at < count; at++) set._servers.Add(await RunningServer.StartAsync(settings, Path.Combine(set._root, $"{at}")));
        return set;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        if (TestContext.Current.TestState?.Result != TestResult.Failed) Directory.Delete(_root, recursive: true);
    }
}
