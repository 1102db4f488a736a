using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Blobs;

namespace Pilothouse.Blobs.S3;

public static class S3BucketFeature
{
    /// <summary>Reads section <c>Bucket</c>; without a name in it there is no <see cref="IBucket"/>.</summary>
    public static IServiceCollection AddS3Bucket(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BucketOptions>().Bind(configuration.GetSection(BucketOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BucketOptions>, BucketOptionsValidator>();
        if (!string.IsNullOrEmpty(configuration[$"{BucketOptions.Section}:{nameof(BucketOptions.Name)}"])) services.AddSingleton<IBucket, S3Bucket>();
        return services;
    }
}
