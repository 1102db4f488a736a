using System.Security.Cryptography;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing.Buckets;
using Pilothouse.Testing.Postgres;
using Xunit;

namespace Pilothouse.EndToEnd.Peers;

/// <summary>Several real control planes on one real PostgreSQL.</summary>
internal sealed class ReplicaSet : IAsyncDisposable
{
    public const string BootstrapKey = "lsv2_sk_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-peers-").FullName;
    private readonly List<RunningServer> _servers = [];

    private ReplicaSet()
    {
    }

    public IReadOnlyList<RunningServer> Servers => _servers;

    /// <param name="isInBucket">Uploads and artifacts are in a real bucket; else in a directory that all of them see.</param>
    public static async Task<ReplicaSet> StartAsync(int count, string database, TimeSpan lease, bool isInBucket = false)
    {
        var set = new ReplicaSet();
        await (await PostgresServer.OneAsync()).CreateDatabaseAsync(database);
        var masterKey = Path.Combine(set._root, "master-key");
        await File.WriteAllTextAsync(masterKey, $"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}\n");
        var settings = new Dictionary<string, string>
        {
            ["Storage:Database"] = (await PostgresServer.OneAsync()).ConnectionString(database),
            ["Secrets:MasterKey"] = $"file:{masterKey}",
            ["Peers:Lease"] = $"{lease}",
            ["BOOTSTRAP_KEY"] = BootstrapKey,
        };
        if (isInBucket) await PutInBucketAsync(settings);
        else settings["Storage:SharedDirectory"] = Path.Combine(set._root, "shared");
        for (var at = 0; at < count; at++) set._servers.Add(await RunningServer.StartAsync(settings, Path.Combine(set._root, $"{at}")));
        return set;
    }

    private static async Task PutInBucketAsync(Dictionary<string, string> settings)
    {
        var swift = await SwiftServer.OneAsync();
        settings["Bucket:Endpoint"] = swift.Address.AbsoluteUri;
        settings["Bucket:Name"] = await swift.CreateBucketAsync();
        settings["Bucket:Region"] = SwiftServer.Region;
        settings["Bucket:AccessKey"] = SwiftServer.AccessKey;
        settings["Bucket:SecretKey"] = SwiftServer.SecretKey;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        if (TestContext.Current.TestState?.Result != TestResult.Failed) Directory.Delete(_root, recursive: true);
    }
}
