using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Deployments;

/// <summary>The columns of a deployment that requests decide, read out of their JSON.</summary>
internal sealed record DeploymentSpec
{
    public required SourceConfig SourceConfig { get; init; }
    public required SourceRevisionConfig SourceRevisionConfig { get; init; }
    public required IReadOnlyList<string> SecretNames { get; init; }

    /// <summary>Sealed.</summary>
    public required byte[] SecretValues { get; init; }

    public IReadOnlyList<SecretReference>? SecretReferences { get; init; }

    public string? SecretReferencesJson =>
        SecretReferences is { } references ? Write(references, ApiJson.Default.IReadOnlyListSecretReference) : null;

    public IReadOnlyList<string>? TrackedPackages { get; init; }

    public static DeploymentSpec Of(DeploymentRow row) => new()
    {
        SourceConfig = Read(row.SourceConfig, ApiJson.Default.SourceConfig),
        SourceRevisionConfig = Read(row.SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig),
        SecretNames = Read(row.SecretNames, ApiJson.Default.IReadOnlyListString),
        SecretValues = row.SecretValues,
        SecretReferences = row.SecretReferences is { } references ? Read(references, ApiJson.Default.IReadOnlyListSecretReference) : null,
        TrackedPackages = row.TrackedPackages is { } packages ? Read(packages, ApiJson.Default.IReadOnlyListString) : null,
    };

    public void WriteTo(DeploymentRow row)
    {
        row.SourceConfig = Write(SourceConfig, ApiJson.Default.SourceConfig);
        row.SourceRevisionConfig = Write(SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig);
        row.SecretNames = Write(SecretNames, ApiJson.Default.IReadOnlyListString);
        row.SecretValues = SecretValues;
        row.SecretReferences = SecretReferencesJson;
        row.TrackedPackages = TrackedPackages is { } packages ? Write(packages, ApiJson.Default.IReadOnlyListString) : null;
    }

    private static T Read<T>(string json, JsonTypeInfo<T> type)
        where T : class => JsonSerializer.Deserialize(json, type)!;

    private static string Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);
}
