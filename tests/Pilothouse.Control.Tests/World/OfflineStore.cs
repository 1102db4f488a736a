using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Tests.World;

/// <summary>The control plane's parts on a directory, as the verbs of the server have them: a process of its own that serves nothing.</summary>
internal sealed class OfflineStore : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public OfflineStore(string directory, Dictionary<string, string?>? settings = null, StoreFaults? faults = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(settings ?? [], StringComparer.OrdinalIgnoreCase)
        {
            ["Storage:DataDirectory"] = directory,
        }).Build();
        var services = new ServiceCollection().AddLogging().AddControl(configuration);
        if (faults is not null) services.ConfigureDbContext<SqliteDb>(options => options.AddInterceptors(faults, faults.Commits));
        _services = services.BuildServiceProvider();
    }

    public StoreBackups Backups => Get<StoreBackups>();

    public StoreKeys Keys => Get<StoreKeys>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async Task<T> WithDbAsync<T>(Func<PilothouseDb, Task<T>> use)
    {
        await using var db = await Get<IDbContextFactory<PilothouseDb>>().CreateDbContextAsync(ControlHost.Cancel);
        return await use(db);
    }

    public async ValueTask DisposeAsync()
    {
        var database = Get<DataDirectory>().DatabaseFile;
        await _services.DisposeAsync();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database }.ToString());
        SqliteConnection.ClearPool(connection);
    }
}
