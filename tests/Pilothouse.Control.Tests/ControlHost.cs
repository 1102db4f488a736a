using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Control.Tests;

/// <summary>The control plane on a real socket and a real store: a SQLite file in a directory of its own, or a PostgreSQL database of its own.</summary>
internal sealed class ControlHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _ownsDirectory;

    private ControlHost(WebApplication app, string directory, bool ownsDirectory, string? newKey)
    {
        _app = app;
        _ownsDirectory = ownsDirectory;
        Directory = directory;
        NewKey = newKey;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public string Directory { get; }

    /// <summary>The bootstrap key, when this start made it.</summary>
    public string? NewKey { get; }

    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="settings">Configuration, e.g. <c>Logs:LineLimitBytes</c>.</param>
    /// <param name="directory">Null: a new one, removed with the host.</param>
    public static async Task<ControlHost> StartAsync(
        Dictionary<string, string?>? settings = null,
        string? directory = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? routes = null)
    {
        var own = directory ?? System.IO.Directory.CreateTempSubdirectory("pilothouse-control-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(settings ?? [], StringComparer.OrdinalIgnoreCase)
        {
            ["Storage:DataDirectory"] = own,
            ["Storage:Database"] = settings?.GetValueOrDefault("Storage:Database") ?? await TestDatabase.OfAsync(own),
        });
        builder.Services.AddControl(builder.Configuration);
        builder.Services.AddSingleton<IArtifacts>(new FolderArtifacts(own));
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseControl();
        app.MapControl();
        routes?.Invoke(app);
        try
        {
            var key = await app.Services.GetRequiredService<ControlStart>().PrepareAsync(Cancel);
            await app.StartAsync(Cancel);

            // Alone on its database, so that what it says of agents counts, also without a listener inside.
            if (settings?.GetValueOrDefault("Storage:Database") is null) await app.Services.GetRequiredService<IAgentsLease>().TakeAsync(Cancel);
            return new ControlHost(app, own, directory is null, key);
        }
        catch
        {
            await DisposeAppAsync(app);
            if (directory is null) await RemoveAsync(own);
            throw;
        }
    }

    /// <param name="key">Null: no key at all.</param>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = Address };
        if (key is not null) client.DefaultRequestHeaders.Add("X-Api-Key", key);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return client;
    }

    /// <summary>A client with the bootstrap key.</summary>
    public HttpClient Client() => Client(NewKey);

    public async Task<T> WithDbAsync<T>(Func<PilothouseDb, Task<T>> use)
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<PilothouseDb>>().CreateDbContextAsync(Cancel);
        return await use(db);
    }

    public Task<WorkspaceId> WorkspaceAsync() => WithDbAsync(async db => new WorkspaceId(await db.Workspaces.Select(row => row.Id).FirstAsync(Cancel)));

    /// <summary>Another key of the first organization.</summary>
    /// <param name="workspace">Null: organization-scoped.</param>
    public async Task<string> AddKeyAsync(
        Guid? workspace, string role = Roles.Admin, DateTimeOffset? expiresAt = null, DateTimeOffset? revokedAt = null)
    {
        var key = ApiKeyText.New();
        await WithDbAsync(async db =>
        {
            db.ApiKeys.Add(new ApiKeyRow
            {
                Id = Guid.CreateVersion7(),
                OrganizationId = await db.Organizations.Select(row => row.Id).FirstAsync(Cancel),
                WorkspaceId = workspace,
                Name = "test",
                Hash = ApiKeyText.Hash(key),
                Prefix = ApiKeyText.Shown(key),
                Role = role,
                CreatedAt = TimeProvider.System.GetUtcNow(),
                ExpiresAt = expiresAt,
                RevokedAt = revokedAt,
            });
            return await db.SaveChangesAsync(Cancel);
        });
        return key;
    }

    public async ValueTask DisposeAsync()
    {
        await DisposeAppAsync(_app);
        if (_ownsDirectory) await RemoveAsync(Directory);
    }

    private static async Task RemoveAsync(string directory)
    {
        System.IO.Directory.Delete(directory, recursive: true);
        await TestDatabase.RemoveAsync(directory);
    }

    private static async Task DisposeAppAsync(WebApplication app)
    {
        var database = app.Services.GetRequiredService<DataDirectory>().DatabaseFile;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database }.ToString());
        SqliteConnection.ClearPool(connection);
    }
}
