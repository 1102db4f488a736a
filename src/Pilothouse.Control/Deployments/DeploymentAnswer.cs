using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

internal static class DeploymentAnswer
{
    /// <summary>Every field of the contract; secrets by name only.</summary>
    public static Deployment Of(DeploymentRow row, AgentUrlBase urls)
    {
        var spec = DeploymentSpec.Of(row);
        return new Deployment
        {
            Id = row.Id,
            TenantId = row.WorkspaceId,
            Name = row.Name,
            Source = row.Source,
            SourceConfig = spec.SourceConfig with { CustomUrl = spec.SourceConfig.CustomUrl ?? urls.Of(row) },
            SourceRevisionConfig = spec.SourceRevisionConfig,
            Secrets = [.. spec.SecretNames.Select(name => new Secret(name, SecretRules.Mask))],
            SecretReferences = spec.SecretReferences,
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.UpdatedAt,
            Status = row.Status.ToWire(),
            LatestRevisionId = row.LatestRevisionId,
            ActiveRevisionId = row.ActiveRevisionId,
            ImageVersion = row.ImageVersion,
            IsPreview = false,
        };
    }
}
