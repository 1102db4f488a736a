using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Storage;

public static class StorageFeature
{
    public static IServiceCollection AddStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StorageOptions>().Bind(configuration.GetSection(StorageOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.AddSingleton<DataDirectory>();
        services.AddSingleton<DataDirectoryLock>();
        services.AddSingleton<DatabaseMigrator>();
        services.AddPooledDbContextFactory<SqliteDb>(
            (provider, options) => UseSqlite(options, provider.GetRequiredService<DataDirectory>().DatabaseFile));
        services.AddSingleton<IDbContextFactory<PilothouseDb>, SqliteDbFactory>();
        services.AddSingleton<OpenContexts>();
        return services;
    }

    internal static void UseSqlite(DbContextOptionsBuilder options, string file) => options
        .UseSqlite(new SqliteConnectionStringBuilder { DataSource = file }.ToString())
        .UseSnakeCaseNamingConvention()
        // Two callers who want the same name are no fault of the store; whatever is one comes out as an exception and is logged where it ends.
        .ConfigureWarnings(warnings => warnings.Log(
            (CoreEventId.SaveChangesFailed, LogLevel.Debug), (RelationalEventId.CommandError, LogLevel.Debug)))
        .AddInterceptors(new SqliteSettings(), new WriteTurns());

    /// <summary>Hands out the configured engine's context under the type that everybody injects.</summary>
    private sealed class SqliteDbFactory(IDbContextFactory<SqliteDb> inner) : IDbContextFactory<PilothouseDb>
    {
        public PilothouseDb CreateDbContext() => inner.CreateDbContext();

        public async Task<PilothouseDb> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await inner.CreateDbContextAsync(cancellationToken);
    }
}
