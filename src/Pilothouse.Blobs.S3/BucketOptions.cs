using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Blobs.S3;

/// <summary>A bucket of S3, or of storage that speaks as it does, for uploads and artifacts.</summary>
public sealed class BucketOptions
{
    public const string Section = "Bucket";

    /// <summary>The bucket, which must exist; null: uploads and artifacts lie in a directory.</summary>
    public string? Name { get; set; }

    /// <summary>Null: Amazon's, of the region. Callers who upload must reach it too.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Signatures name it.</summary>
    [Required]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Null: what the environment offers (variables, profile, role of the machine).</summary>
    public string? AccessKey { get; set; }

    /// <summary>Of the access key. Give it as an environment variable, or <c>file:/path</c>.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Begin of all keys, e.g. <c>pilothouse/</c>, where others use the bucket too.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>For one request, without its body.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class BucketOptionsValidator : IValidateOptions<BucketOptions>;
