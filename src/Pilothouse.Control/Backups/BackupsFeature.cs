using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Backups;

internal static class BackupsFeature
{
    public static IServiceCollection AddBackups(this IServiceCollection services)
    {
        services.AddSingleton<UploadArchives>();
        services.AddSingleton<CreateBackup>();
        services.AddSingleton<UnfinishedRestore>();
        services.AddSingleton<RestoreBackup>();
        services.AddSingleton<CheckSecrets>();
        services.AddSingleton(provider => new StoreBackups(
            provider.GetRequiredService<CreateBackup>(), provider.GetRequiredService<RestoreBackup>(), provider.GetRequiredService<CheckSecrets>()));
        return services;
    }
}
