using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Control;
using Pilothouse.Control.Storage;
using Xunit;

namespace Pilothouse.Contract.Tests.World;

/// <summary>The control plane in this process, on a real socket and a real SQLite file; nothing builds or runs what it records.</summary>
public sealed class ContractHost : IAsyncLifetime
{
    private WebApplication _app = null!;
    private string _directory = "";

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Uri Address { get; private set; } = null!;

    public string Key { get; private set; } = "";

    public IServiceProvider Services => _app.Services;

    public string DirectoryOfData => _directory;

    /// <summary>Changes to how the host is put together, before it starts.</summary>
    internal Action<WebApplicationBuilder>? Adjust { get; init; }

    public IEnumerable<RouteEndpoint> Endpoints => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    public async ValueTask InitializeAsync()
    {
        _directory = Directory.CreateTempSubdirectory("pilothouse-contract-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Storage:DataDirectory"] = _directory,
            // A tool asks here with one key for what thousands do elsewhere.
            ["Overload:KeyRequestsPerSecond"] = "1000000",
            ["Overload:WorkspaceRequestsPerSecond"] = "1000000",
        });
        builder.Services.AddControl(builder.Configuration);
        Adjust?.Invoke(builder);
        _app = builder.Build();
        _app.UseControl();
        _app.MapControl();
        Key = await _app.Services.GetRequiredService<ControlStart>().PrepareAsync(Cancel) ?? "";
        await _app.StartAsync(Cancel);
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Task<PilothouseDb> DbAsync() => Services.GetRequiredService<IDbContextFactory<PilothouseDb>>().CreateDbContextAsync(Cancel);

    /// <param name="key">Null: no key at all.</param>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
        if (key is not null) client.DefaultRequestHeaders.Add("X-Api-Key", key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        var database = _app.Services.GetRequiredService<DataDirectory>().DatabaseFile;
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database }.ToString()))
            SqliteConnection.ClearPool(connection);
        Directory.Delete(_directory, recursive: true);
    }
}
