using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Backups;

internal static class BackupsFeature
{
    public static IServiceCollection AddBackups(this IServiceCollection services)
    {
        services.AddSingleton<UploadArchives>();
        services.AddSingleton<CreateBackup>();
        services.AddSingleton(provider => new StoreBackups(provider.GetRequiredService<CreateBackup>()));
        return services;
    }
}
