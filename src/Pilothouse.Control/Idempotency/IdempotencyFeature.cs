using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Idempotency;

internal static class IdempotencyFeature
{
    public static IServiceCollection AddIdempotency(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<IdempotencyOptions>().Bind(configuration.GetSection(IdempotencyOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<IdempotencyOptions>, IdempotencyOptionsValidator>();
        services.AddSingleton<RequestKeyStore>();
        services.AddSingleton<KeptAnswers>();
        services.AddSingleton<IdempotentRequests>();
        services.AddSingleton<ChangeAnswers>();
        return services;
    }
}
