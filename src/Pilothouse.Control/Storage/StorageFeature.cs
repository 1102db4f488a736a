using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

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
        services.AddSingleton<PostgresDurability>();
        services.AddSingleton<IValidateOptions<StorageOptions>, DatabaseNameValidator>();
        if (string.IsNullOrEmpty(configuration[$"{StorageOptions.Section}:{nameof(StorageOptions.Database)}"])) AddSqlite(services);
        else AddPostgres(services);
        services.AddSingleton<OpenContexts>();
        return services;
    }

    private static void AddSqlite(IServiceCollection services)
    {
        services.AddPooledDbContextFactory<SqliteDb>(
            (provider, options) => UseSqlite(options, provider.GetRequiredService<DataDirectory>().DatabaseFile));
        services.AddSingleton<IDbContextFactory<PilothouseDb>, EngineFactory<SqliteDb>>();
    }

    private static void AddPostgres(IServiceCollection services)
    {
        services.AddSingleton(provider => NpgsqlDataSource.Create(
            PostgresName.Parse(provider.GetRequiredService<IOptions<StorageOptions>>().Value.Database!)));
        services.AddPooledDbContextFactory<PostgresDb>((provider, options) => UsePostgres(options, provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton<IDbContextFactory<PilothouseDb>, EngineFactory<PostgresDb>>();
    }

    internal static void UsePostgres(DbContextOptionsBuilder options, NpgsqlDataSource source) =>
        WithNames(options.UseNpgsql(source)).AddInterceptors(new PostgresTexts());

    internal static void UseSqlite(DbContextOptionsBuilder options, string file) =>
        WithNames(options.UseSqlite(new SqliteConnectionStringBuilder { DataSource = file }.ToString()))
            .AddInterceptors(new SqliteSettings(), new WriteTurns());

    private static DbContextOptionsBuilder WithNames(DbContextOptionsBuilder options) => options
        .UseSnakeCaseNamingConvention()
        // Two callers who want the same name are no fault of the store; whatever is one comes out as an exception and is logged where it ends.
        .ConfigureWarnings(warnings => warnings.Log(
            (CoreEventId.SaveChangesFailed, LogLevel.Debug), (RelationalEventId.CommandError, LogLevel.Debug)));

    /// <summary>Hands out the configured engine's context under the type that everybody injects.</summary>
    private sealed class EngineFactory<TDb>(IDbContextFactory<TDb> inner) : IDbContextFactory<PilothouseDb>
        where TDb : PilothouseDb
    {
        public PilothouseDb CreateDbContext() => inner.CreateDbContext();

        public async Task<PilothouseDb> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await inner.CreateDbContextAsync(cancellationToken);
    }
}
