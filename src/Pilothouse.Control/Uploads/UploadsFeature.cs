using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Uploads;

internal static class UploadsFeature
{
    public static IServiceCollection AddUploads(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<UploadsOptions>().Bind(configuration.GetSection(UploadsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<UploadsOptions>, UploadsOptionsValidator>();
        services.AddSingleton(provider => new PublicAddress(provider.GetRequiredService<IOptions<AgentUrlOptions>>().Value.PublicUrl));
        services.AddSingleton<UploadBlobs>();
        services.AddSingleton<CreateUploadUrl>();
        services.AddSingleton<RefusePushToken>();
        services.AddSingleton<ReceiveUpload>();
        services.AddSingleton<UploadSweep>();
        return services;
    }
}
