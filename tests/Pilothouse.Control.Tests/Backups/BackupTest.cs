using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Xunit;

namespace Pilothouse.Control.Tests.Backups;

/// <summary>A control plane with something in it, and a backup of it: made once for a class.</summary>
public sealed class BackupFixture : IAsyncLifetime
{
    public const string SecretValue = "sk-0123456789 \u00e9\u4e2d";

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-backup-").FullName;

    internal ControlWorld World { get; private set; } = null!;

    internal Api Api { get; private set; } = null!;

    internal string Deployment { get; private set; } = "";

    internal string Revision { get; private set; } = "";

    internal string Backup => Path.Combine(_root, "backup.tar.gz");

    public async ValueTask InitializeAsync()
    {
        World = await ControlWorld.StartAsync();
        Api = await Api.InNewWorkspaceAsync(World.Host);
        Deployment = await Api.CreateAsync("first", secrets: $$"""[{"name":"KEY","value":"{{SecretValue}}"}]""");
        Revision = (await World.QueueAsync(Guid.Parse(Deployment), secrets: new Dictionary<string, string>(StringComparer.Ordinal) { ["KEY"] = SecretValue })).ToString();
        (await Api.SendAsync(HttpMethod.Post, "/v2/deployments", Bodies.Internal("kept"), ("Idempotency-Key", "k1"))).Expect(HttpStatusCode.Created);
        await Api.CreateExternalAsync("image");
        await using var store = new OfflineStore(World.Host.Directory);
        await store.Backups.CreateAsync(Backup, ControlHost.Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}

/// <summary>Directories to restore into.</summary>
public abstract class BackupTest(BackupFixture fixture) : IClassFixture<BackupFixture>, IDisposable
{
    protected const string SecretValue = BackupFixture.SecretValue;

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-restore-").FullName;
    private int _directories;

    protected static CancellationToken Cancel => ControlHost.Cancel;

    internal ControlWorld World => fixture.World;

    internal Api Api => fixture.Api;

    protected string Deployment => fixture.Deployment;

    protected string Revision => fixture.Revision;

    /// <summary>Made before the tests.</summary>
    protected string Backup => fixture.Backup;

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Where the backup's master key is there, and nothing else.</summary>
    protected string NewDirectory(bool hasKey = true)
    {
        var directory = Path.Combine(_root, $"{++_directories}", "data");
        Directory.CreateDirectory(directory);
        if (hasKey) File.Copy(Path.Combine(World.Host.Directory, "master-key"), Path.Combine(directory, "master-key"));
        return directory;
    }

    protected string NewFile() => Path.Combine(Directory.CreateDirectory(Path.Combine(_root, $"{++_directories}")).FullName, "backup.tar.gz");

    /// <summary>The rows of a store that nobody uses.</summary>
    internal async Task<SortedSet<string>> RowsOfStoreAsync(string directory)
    {
        var file = NewFile();
        await using var store = new OfflineStore(directory);
        await store.Backups.CreateAsync(file, Cancel);
        return await BackupFiles.RowsAsync(file);
    }

    internal static async Task<IReadOnlyDictionary<string, string>> OpenAsync(ControlHost host, Guid workspace, byte[] values) =>
        await host.Services.GetRequiredService<SecretVault>().OpenAsync(new WorkspaceId(workspace), values, Cancel);
}
