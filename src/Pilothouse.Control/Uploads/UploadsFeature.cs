using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Uploads;

internal static class UploadsFeature
{
    public static IServiceCollection AddUploads(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<UploadsOptions>().Bind(configuration.GetSection(UploadsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<UploadsOptions>, UploadsOptionsValidator>();
        services.AddSingleton(_ => new PublicAddress(configuration["Gateway:PublicUrl"]?.TrimEnd('/') is { Length: > 0 } url ? url : null));
        services.AddSingleton<UploadBlobs>();
        services.AddSingleton<CreateUploadUrl>();
        services.AddSingleton<RefusePushToken>();
        services.AddSingleton<ReceiveUpload>();
        services.AddSingleton<UploadSweep>();
        return services;
    }
}
