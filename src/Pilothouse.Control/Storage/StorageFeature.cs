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
    /// <summary>
    /// Key of the contexts for one short read on behalf of somebody who may hold a connection already: theirs come from a pool of their own. Where as many
    /// as a pool has hold one and wait for a second, all of them would wait until the pool gives up.
    /// </summary>
    internal const string Aside = "aside";

    private const int ConnectionsAside = 2;

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
        services.AddKeyedSingleton(Aside, (provider, _) => provider.GetRequiredService<IDbContextFactory<PilothouseDb>>());
    }

    private static void AddPostgres(IServiceCollection services)
    {
        services.AddSingleton(provider => NpgsqlDataSource.Create(NameOf(provider)));
        services.AddPooledDbContextFactory<PostgresDb>((provider, options) => UsePostgres(options, provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton<IDbContextFactory<PilothouseDb>, EngineFactory<PostgresDb>>();
        services.AddKeyedSingleton(Aside, (provider, _) => NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(NameOf(provider)) { MinPoolSize = 0, MaxPoolSize = ConnectionsAside }.ConnectionString));
        services.AddKeyedSingleton<IDbContextFactory<PilothouseDb>>(Aside, (provider, _) => new AsideFactory(provider.GetRequiredKeyedService<NpgsqlDataSource>(Aside)));
    }

    private static string NameOf(IServiceProvider provider) => PostgresName.Parse(provider.GetRequiredService<IOptions<StorageOptions>>().Value.Database!);

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

    private sealed class AsideFactory : IDbContextFactory<PilothouseDb>
    {
        private readonly DbContextOptions<PostgresDb> _options;

        public AsideFactory(NpgsqlDataSource source)
        {
            var options = new DbContextOptionsBuilder<PostgresDb>();
            UsePostgres(options, source);
            _options = options.Options;
        }

        public PilothouseDb CreateDbContext() => new PostgresDb(_options);
    }
}
