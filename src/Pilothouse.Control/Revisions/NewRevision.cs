using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Observing;
using Pilothouse.Core.Revisions;
using RevisionEvent = Pilothouse.Core.Revisions.RevisionEvent;

namespace Pilothouse.Control.Revisions;

/// <summary>What a revision carries: a snapshot, so that nothing that changes afterwards changes what it runs.</summary>
/// <param name="SecretValues">Sealed.</param>
/// <param name="ResourceSpec">As the deployment's <c>source_config</c> had it, JSON.</param>
/// <param name="SecretReferences">JSON.</param>
internal sealed record RevisionDraft(
    string Source,
    SourceRevisionConfig Config,
    string? InstallCommand,
    string? BuildCommand,
    string? DeploymentType,
    byte[] SecretValues,
    string? ResourceSpec,
    string? SecretReferences)
{
    /// <summary>What an earlier revision carried.</summary>
    public static RevisionDraft Of(RevisionRow row) => new(
        row.Source, RevisionAnswer.ConfigOf(row), row.InstallCommand, row.BuildCommand, row.DeploymentType, row.SecretValues, row.ResourceSpec,
        row.SecretReferences);

    /// <summary>What a revision of this deployment carries from now on.</summary>
    public static RevisionDraft Of(string source, SourceRevisionConfig config, DeploymentSpec spec, string? deploymentType) => new(
        source, config, spec.SourceConfig.InstallCommand, spec.SourceConfig.BuildCommand, deploymentType, spec.SecretValues,
        spec.SourceConfig.ResourceSpec?.GetRawText(), spec.SecretReferencesJson);

    /// <summary>The deployment's <c>resource_spec</c> is the latest revision's; secrets, references and commands stay those of the next PATCH.</summary>
    public DeploymentSpec MirroredIn(DeploymentSpec wanted) => wanted with
    {
        SourceConfig = wanted.SourceConfig with { ResourceSpec = ResourceSpec is null ? null : JsonElement.Parse(ResourceSpec) },
    };
}

internal static class NewRevision
{
    /// <summary>
    /// The revision that comes next, waiting for its turn, made the deployment's latest. Insert it in the transaction that writes the deployment's
    /// row; the unique number makes a second writer fail.
    /// </summary>
    public static RevisionRow Of(DeploymentRow deployment, RevisionDraft draft, DateTimeOffset now)
    {
        var row = new RevisionRow
        {
            Id = RevisionId.New().Value,
            WorkspaceId = deployment.WorkspaceId,
            DeploymentId = deployment.Id,
            Number = deployment.NextRevisionNumber,
            Source = draft.Source,
            SourceRevisionConfig = JsonSerializer.Serialize(draft.Config, ApiJson.Default.SourceRevisionConfig),
            InstallCommand = draft.InstallCommand,
            BuildCommand = draft.BuildCommand,
            DeploymentType = draft.DeploymentType,
            SecretValues = draft.SecretValues,
            ResourceSpec = draft.ResourceSpec,
            SecretReferences = draft.SecretReferences,
            TraceParent = RevisionTrace.Now,

            // Its inputs were resolved by the request that made it.
            Status = RevisionMachine.Next(RevisionStatus.Creating, RevisionEvent.Admitted),
            CreatedAt = now,
            UpdatedAt = now,
        };
        deployment.NextRevisionNumber++;
        deployment.LatestRevisionId = row.Id;
        deployment.SourceRevisionConfig = row.SourceRevisionConfig;
        return row;
    }

    /// <summary>The first that is told of it. Joins the transaction that inserts it.</summary>
    public static Task TellAsync(PilothouseDb db, RevisionRow row, CancellationToken cancellationToken) => RevisionTransitions.TellAsync(
        db, row, new Telling(RequestEventKinds.Queued, $"Revision {row.Number} was made and waits for its turn."), row.CreatedAt, cancellationToken);
}
