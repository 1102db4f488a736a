using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Logs;

internal static class LogsFeature
{
    public static IServiceCollection AddLogs(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<LogsOptions>().Bind(configuration.GetSection(LogsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LogsOptions>, LogsOptionsValidator>();
        services.AddSingleton<Redactors>();
        services.AddSingleton<LogTable>();
        services.AddSingleton<LogQueue>();
        services.AddSingleton<LogStore>();
        services.AddHostedService(provider => provider.GetRequiredService<LogStore>());
        services.AddSingleton<BuildLogs>();
        services.AddSingleton<DeployLog>();
        services.AddSingleton<ReadLogs>();
        return services;
    }
}
