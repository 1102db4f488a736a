using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Deployments;

/// <summary>What a PATCH may not say about this deployment. Null and what is there already are always fine.</summary>
internal static class PatchRules
{
    private const int MaxTrackedPackages = 100;

    /// <param name="customUrl">The deployment's address as answers show it.</param>
    public static void Check(DeploymentRow row, DeploymentSpec current, PatchRequest request, string? customUrl, Refusals refusals)
    {
        var patch = request.Patch;
        SourceRules.CheckValues(patch.SourceConfig, patch.SourceRevisionConfig, refusals);
        CheckImmutable(row, current, request, customUrl, refusals);
        if (patch.SourceConfig is { } config)
        {
            // The immutable ones are judged by their value alone.
            SourceRules.CheckApplicable(
                row.Source,
                new SourceConfig
                {
                    BuildOnPush = config.BuildOnPush,
                    ResourceSpec = config.ResourceSpec,
                    InstallCommand = config.InstallCommand,
                    BuildCommand = config.BuildCommand,
                },
                refusals);
        }

        SourceRules.CheckPushOfTag(
            patch.SourceConfig?.BuildOnPush ?? current.SourceConfig.BuildOnPush,
            patch.SourceRevisionConfig?.RepoRef ?? current.SourceRevisionConfig.RepoRef,
            refusals);
        CheckRevisionSource(row, patch, refusals);
        CheckSecrets(row, current, patch, refusals);
        CheckTrackedPackages(patch, refusals);
    }

    private static void CheckImmutable(DeploymentRow row, DeploymentSpec current, PatchRequest request, string? customUrl, Refusals refusals)
    {
        Same("name", request.Name, row.Name, refusals);
        Same("source", request.Source, row.Source, refusals);
        if (request.Patch.SourceConfig is not { } config) return;
        var stored = current.SourceConfig;
        Same("integration_id", config.IntegrationId?.ToString(), stored.IntegrationId?.ToString(), refusals);
        Same("deployment_type", config.DeploymentType, row.DeploymentType, refusals);
        Same("listener_id", config.ListenerId?.ToString(), stored.ListenerId?.ToString(), refusals);
        Same("listener_config.k8s_namespace", config.ListenerConfig?.K8sNamespace, stored.ListenerConfig?.K8sNamespace, refusals);

        // A repository may move, if the platform may read the new one: that is asked of the store.
        if (row.Source is not Sources.GitHub) Same("repo_url", config.RepoUrl, stored.RepoUrl, refusals);
        if (row.Source is not Sources.ExternalDocker) Same("custom_url", config.CustomUrl, stored.CustomUrl ?? customUrl, refusals);
    }

    /// <summary>False: what else is wrong with such a source would only distract.</summary>
    public static bool IsSourcePossible(DeploymentRow row, DeploymentPatch patch)
    {
        var refusals = new Refusals();
        CheckRevisionSource(row, patch, refusals);
        return refusals.ToRejection() is null;
    }

    private static void CheckRevisionSource(DeploymentRow row, DeploymentPatch patch, Refusals refusals)
    {
        if (patch.RevisionSource is not { } source || string.Equals(source, row.Source, StringComparison.Ordinal)) return;
        if (row.Source is Sources.ExternalDocker)
            refusals.Add($"revision_source '{source}' does not go with an 'external_docker' deployment; leave it out.", Codes.SourceConfiguration);
        else if (source is Sources.GitHub)
            refusals.Add("integration_id is required for github source", Codes.SourceConfiguration);
    }

    private static void CheckSecrets(DeploymentRow row, DeploymentSpec current, DeploymentPatch patch, Refusals refusals)
    {
        if (patch.Secrets is { } secrets)
        {
            SecretRules.Check(secrets, refusals);
            foreach (var unknown in secrets.Where(secret => secret.Value is SecretRules.Mask && !current.SecretNames.Contains(secret.Name, StringComparer.Ordinal)))
                refusals.Add($"The value of '{unknown.Name}' is the mask that answers carry, and no such secret is stored: send the value.");
        }

        if (patch.SecretReferences is { } references)
        {
            if (row.Source is not Sources.ExternalDocker && references.Count > 0)
                refusals.Add($"Source configuration error: 'secret_references' must be null for '{row.Source}' source", Codes.SourceConfiguration);
            SecretRules.Check(references, refusals);
        }

        var names = PatchPlanner.KeepsSecrets(patch) ? current.SecretNames : patch.Secrets!.Select(secret => secret.Name);
        var referred = patch.SecretReferences ?? current.SecretReferences ?? [];
        SecretRules.CheckApart(names, referred.Select(reference => reference.Name), refusals);
    }

    private static void CheckTrackedPackages(DeploymentPatch patch, Refusals refusals)
    {
        if (patch.TrackedPackages is not { } packages) return;
        if (packages.Count > MaxTrackedPackages) refusals.Add($"tracked_packages has {packages.Count} entries; at most {MaxTrackedPackages} are possible.");
        for (var at = 0; at < packages.Count; at++)
        {
            if (FieldRules.TrackedPackage(packages[at], at) is { } fault) refusals.Add(fault);
        }
    }

    private static void Same(string field, string? sent, string? stored, Refusals refusals)
    {
        if (sent is not null && !string.Equals(sent, stored, StringComparison.Ordinal)) refusals.Add($"{field} cannot be changed", Codes.Immutable);
    }
}
