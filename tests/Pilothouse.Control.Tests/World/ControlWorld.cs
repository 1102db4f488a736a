using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;

namespace Pilothouse.Control.Tests.World;

/// <summary>A control plane with deployments in it, made as the API makes them: rows, then a nudge.</summary>
internal sealed class ControlWorld(ControlHost host) : IAsyncDisposable
{
    private static readonly Dictionary<string, string> s_noSecrets = [];

    public ControlHost Host { get; } = host;

    public IListenerProtocol Protocol { get; } = host.Services.GetRequiredService<IListenerProtocol>();

    public ControlSignals Signals { get; } = host.Services.GetRequiredService<ControlSignals>();

    private static CancellationToken Cancel => ControlHost.Cancel;

    /// <param name="engine">Null: no loops run, so the test drives.</param>
    public static async Task<ControlWorld> StartAsync(
        IBuildEngine? engine = null, Dictionary<string, string?>? settings = null, string? directory = null,
        Action<IServiceCollection>? services = null) =>
        new(await ControlHost.StartAsync(settings, directory, added =>
        {
            if (engine is not null) added.AddSingleton(engine);
            services?.Invoke(added);
        }));

    public async Task<Guid> DeploymentAsync(string source = "internal_source", Guid? listener = null, Guid? workspace = null)
    {
        var id = Guid.CreateVersion7();
        var owner = workspace ?? (await Host.WorkspaceAsync()).Value;
        await Host.WithDbAsync(async db =>
        {
            db.Deployments.Add(new DeploymentRow
            {
                Id = id,
                WorkspaceId = owner,
                Name = $"d-{id:N}"[..20],
                Source = source,
                SourceConfig = "{}",
                SourceRevisionConfig = "{}",
                SecretNames = "[]",
                SecretValues = [],
                DeploymentType = "dev",
                Status = DeploymentStatus.Ready,
                ListenerId = listener,
                NextRevisionNumber = 1,
                CreatedAt = TimeProvider.System.GetUtcNow(),
            });
            return await db.SaveChangesAsync(Cancel);
        });
        return id;
    }

    /// <summary>A stored upload; its object path.</summary>
    public async Task<string> UploadAsync(Guid deployment, string content = "tarball", DateTimeOffset? storedAt = null)
    {
        var owner = await OwnerAsync(deployment);
        var path = $"uploads/{owner:D}/{deployment:D}/{Guid.NewGuid():N}.tar.gz";
        var file = BlobOf(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, content, Cancel);
        var now = storedAt ?? TimeProvider.System.GetUtcNow();
        await Host.WithDbAsync(async db =>
        {
            db.Uploads.Add(new UploadRow
            {
                ObjectPath = path,
                WorkspaceId = owner,
                DeploymentId = deployment,
                TokenHash = RandomNumberGenerator.GetBytes(32),
                SizeBytes = new FileInfo(file).Length,
                ExpiresAt = now.AddHours(1),
                StoredAt = now,
                Sha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, Cancel))),
                CreatedAt = now,
            });
            return await db.SaveChangesAsync(Cancel);
        });
        return path;
    }

    public string BlobOf(string objectPath) => Path.Combine(Host.Directory, "blobs", objectPath);

    /// <summary>A queued revision with an upload of its own, and the nudge.</summary>
    public async Task<Guid> QueueAsync(Guid deployment, Action<RevisionRow>? adjust = null, IReadOnlyDictionary<string, string>? secrets = null)
    {
        var config = new SourceRevisionConfig { SourceTarballPath = await UploadAsync(deployment), LanggraphConfigPath = "langgraph.json" };
        var id = await AddRevisionAsync(deployment, row =>
        {
            row.SourceRevisionConfig = JsonSerializer.Serialize(config, ApiJson.Default.SourceRevisionConfig);
            adjust?.Invoke(row);
        }, secrets);
        Signals.RevisionChanged(new DeploymentId(deployment));
        return id;
    }

    /// <summary>The revision is what its listener shall bring up now, as at the end of a build; older ones that waited for that are interrupted.</summary>
    public async Task RaiseAsync(Guid revision)
    {
        var row = await RevisionRowAsync(revision);
        await Host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            var before = db.Revisions.Where(
                older => older.DeploymentId == row.DeploymentId && older.Number < row.Number && older.Status == RevisionStatus.AwaitingDeploy);
            await before.ExecuteUpdateAsync(set => set.SetProperty(older => older.Status, RevisionStatus.Interrupted), Cancel);
            await WantedRevisions.RaiseAsync(db, row, Cancel);
            await transaction.CommitAsync(Cancel);
            return 0;
        });
        Signals.RevisionChanged(new DeploymentId(row.DeploymentId));
    }

    public async Task<Guid> AddRevisionAsync(Guid deployment, Action<RevisionRow>? adjust = null, IReadOnlyDictionary<string, string>? secrets = null)
    {
        var vault = Host.Services.GetRequiredService<SecretVault>();
        return await Host.WithDbAsync(async db =>
        {
            var owner = await db.Deployments.SingleAsync(row => row.Id == deployment, Cancel);
            var now = TimeProvider.System.GetUtcNow();
            var revision = new RevisionRow
            {
                Id = Guid.CreateVersion7(),
                WorkspaceId = owner.WorkspaceId,
                DeploymentId = deployment,
                Number = owner.NextRevisionNumber++,
                Source = owner.Source,
                SourceRevisionConfig = "{}",
                DeploymentType = owner.DeploymentType,
                SecretValues = await vault.SealAsync(new WorkspaceId(owner.WorkspaceId), secrets ?? s_noSecrets, Cancel),
                Status = RevisionStatus.Queued,
                CreatedAt = now,
                UpdatedAt = now,
            };
            adjust?.Invoke(revision);
            owner.LatestRevisionId = revision.Id;
            db.Revisions.Add(revision);
            await db.SaveChangesAsync(Cancel);
            return revision.Id;
        });
    }

    public async Task DeleteAsync(Guid deployment)
    {
        await Host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            var row = await db.Deployments.SingleAsync(row => row.Id == deployment, Cancel);
            row.Status = DeploymentStatus.AwaitingDelete;
            await Control.Deployments.WantedChange.RaiseAsync(db, row, Cancel);
            await db.SaveChangesAsync(Cancel);
            await transaction.CommitAsync(Cancel);
            return 0;
        });
        Signals.RevisionChanged(new DeploymentId(deployment));
    }

    public Task<DeploymentRow> DeploymentRowAsync(Guid id) => Host.WithDbAsync(db => db.Deployments.AsNoTracking().SingleAsync(row => row.Id == id, Cancel));

    public Task<RevisionRow> RevisionRowAsync(Guid id) => Host.WithDbAsync(db => db.Revisions.AsNoTracking().SingleAsync(row => row.Id == id, Cancel));

    public async Task<RevisionStatus> StatusAsync(Guid revision) => (await RevisionRowAsync(revision)).Status;

    public Task<List<RevisionRow>> RevisionsAsync(Guid deployment) => Host.WithDbAsync(
        db => db.Revisions.AsNoTracking().Where(row => row.DeploymentId == deployment).OrderBy(row => row.Number).ToListAsync(Cancel));

    public Task<List<EventRow>> EventsAsync(Guid deployment) => Host.WithDbAsync(
        db => db.Events.AsNoTracking().Where(row => row.DeploymentId == deployment).OrderBy(row => row.Sequence).ToListAsync(Cancel));

    public Task<List<LogRow>> LogsAsync(Guid revision, bool isBuild) => Host.WithDbAsync(
        db => db.Logs.AsNoTracking().Where(row => row.RevisionId == revision && row.IsBuild == isBuild).OrderBy(row => row.Sequence).ToListAsync(Cancel));

    public Task<RevisionRow> UntilAsync(Guid revision, RevisionStatus status) =>
        Eventually.ReadAsync(() => RevisionRowAsync(revision), row => row.Status == status, $"revision is {status}");

    /// <summary>A report about what is wanted now.</summary>
    public async Task ReportAsync(Guid deployment, Guid? revision, string phase, Func<DeploymentReport, DeploymentReport>? adjust = null)
    {
        var report = new DeploymentReport
        {
            ListenerId = EmbeddedListener.Id,
            DeploymentId = deployment,
            Generation = (await DeploymentRowAsync(deployment)).Generation,
            RevisionId = revision,
            Phase = phase,
            Message = phase is "failed" ? "It ended: exit code 1." : null,
        };
        await Protocol.ReportAsync(adjust?.Invoke(report) ?? report, Cancel);
    }

    public async Task<WantedDeployment?> WantedAsync(Guid deployment)
    {
        var before = Math.Max(0, (await DeploymentRowAsync(deployment)).ChangedAt - 1);
        var answer = await Protocol.PullAsync(new PullRequest(EmbeddedListener.Id, before, WaitSeconds: 0), Cancel);
        return answer.Deployments.SingleOrDefault(wanted => wanted.Id == deployment);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private Task<Guid> OwnerAsync(Guid deployment) => Host.WithDbAsync(
        db => db.Deployments.Where(row => row.Id == deployment).Select(row => row.WorkspaceId).SingleAsync(Cancel));
}
