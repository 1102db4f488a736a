using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Uploads;

internal static class UploadsFeature
{
    public static IServiceCollection AddUploads(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<UploadsOptions>().Bind(configuration.GetSection(UploadsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<UploadsOptions>, UploadsOptionsValidator>();
        services.AddSingleton(provider => new PublicAddress(provider.GetRequiredService<IOptions<AgentUrlOptions>>().Value.PublicUrl));
        services.AddSingleton(provider => new UploadBlobs(
            provider.GetRequiredService<DataDirectory>(), provider.GetRequiredService<DataDirectoryLock>(), provider.GetService<IBucket>()));
        services.AddSingleton<UploadArrivals>();
        services.AddSingleton<CreateUploadUrl>();
        services.AddSingleton<RefusePushToken>();
        services.AddSingleton<ReceiveUpload>();
        services.AddSingleton<UploadSweep>();
        return services;
    }
}
