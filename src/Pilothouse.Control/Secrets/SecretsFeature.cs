using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Secrets;

internal static class SecretsFeature
{
    public static IServiceCollection AddSecrets(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SecretsOptions>().Bind(configuration.GetSection(SecretsOptions.Section));
        services.AddSingleton<MasterKeys>();
        services.AddSingleton<DataKeys>();
        services.AddSingleton<MasterKeyRotation>();
        services.AddSingleton(provider => new StoreKeys(provider.GetRequiredService<MasterKeyRotation>()));
        services.AddSingleton<SecretVault>();
        return services;
    }
}
