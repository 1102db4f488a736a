using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;
using static Pilothouse.Contracts.Deployments.Sources;

namespace Pilothouse.Control.Deployments;

/// <summary>Which fields go with which source (behaviour reference 1.6 to 1.8).</summary>
internal static class SourceRules
{
    private static readonly (string Field, string[] Sources, Func<SourceConfig, bool> IsSet)[] s_fields =
    [
        ("integration_id", [GitHub], config => config.IntegrationId is not null),
        ("repo_url", [GitHub], config => config.RepoUrl is not null),
        ("build_on_push", [GitHub], config => config.BuildOnPush is true),
        ("deployment_type", [GitHub, InternalDocker, InternalSource], config => config.DeploymentType is not null),
        ("custom_url", [ExternalDocker], config => config.CustomUrl is not null),
        ("resource_spec", [ExternalDocker], config => config.ResourceSpec is not null),
        ("listener_id", [ExternalDocker, GitHub, InternalSource], config => config.ListenerId is not null),
        ("listener_config", [ExternalDocker], config => config.ListenerConfig?.K8sNamespace is not null),
        ("install_command", [GitHub, InternalDocker, InternalSource], config => !string.IsNullOrEmpty(config.InstallCommand)),
        ("build_command", [GitHub, InternalDocker, InternalSource], config => !string.IsNullOrEmpty(config.BuildCommand)),
    ];

    private static readonly (string Field, string[] Sources, string[] Required, Func<SourceRevisionConfig, bool> IsSet)[] s_revisionFields =
    [
        ("repo_ref", [GitHub], [GitHub], config => config.RepoRef is not null),
        ("langgraph_config_path", [GitHub, InternalSource], [GitHub, InternalSource], config => config.LanggraphConfigPath is not null),
        ("image_uri", [ExternalDocker, InternalDocker], [ExternalDocker, InternalDocker], config => config.ImageUri is not null),
        ("source_tarball_path", [InternalSource], [InternalSource], config => config.SourceTarballPath is not null),
    ];

    public static void CheckApplicable(string source, SourceConfig config, Refusals refusals)
    {
        foreach (var (field, _, _) in s_fields.Where(rule => rule.IsSet(config) && !rule.Sources.Contains(source, StringComparer.Ordinal)))
            MustBeNull($"source_config.{field}", source, refusals);
    }

    public static void CheckApplicable(string source, SourceRevisionConfig config, Refusals refusals)
    {
        foreach (var (field, _, _, _) in s_revisionFields.Where(rule => rule.IsSet(config) && !rule.Sources.Contains(source, StringComparer.Ordinal)))
            MustBeNull($"source_revision_config.{field}", source, refusals);
    }

    /// <summary>What a revision of this source cannot do without, and has not.</summary>
    public static IReadOnlyList<string> Missing(string source, SourceRevisionConfig config) =>
    [
        .. s_revisionFields
            .Where(rule => !rule.IsSet(config) && rule.Required.Contains(source, StringComparer.Ordinal))
            .Select(rule => RequiredText($"source_revision_config.{rule.Field}", source)),
    ];

    public static void CheckNew(string source, SourceConfig config, SourceRevisionConfig revision, Refusals refusals)
    {
        CheckApplicable(source, config, refusals);
        CheckApplicable(source, revision, refusals);
        if (source is GitHub)
        {
            if (config.IntegrationId is null) refusals.Add("integration_id is required for github source", Codes.SourceConfiguration);
            if (config.RepoUrl is null) refusals.Add("repo_url is required for github source", Codes.SourceConfiguration);
        }

        // Internal sources are created empty: their first revision comes with a PATCH.
        if (source is GitHub or ExternalDocker)
        {
            foreach (var text in Missing(source, revision)) refusals.Add(text, Codes.SourceConfiguration);
        }

        if (source is InternalDocker && revision.ImageUri is not null)
            refusals.Add("source_revision_config.image_uri of an 'internal_docker' deployment comes with a PATCH, after the image was pushed.", Codes.SourceConfiguration);
        if (source is InternalSource && revision.SourceTarballPath is not null)
            refusals.Add(UploadRules.NotHandedOut, Codes.SourceConfiguration);
        CheckPushOfTag(config.BuildOnPush, revision.RepoRef, refusals);
    }

    public static void CheckPushOfTag(bool? buildOnPush, string? repoRef, Refusals refusals)
    {
        if (buildOnPush is true && repoRef is not null && FieldRules.IsTag(repoRef))
            refusals.Add(
                "Source configuration error: 'source_config.build_on_push' must be false when 'source_revision_config.repo_ref' is a tag",
                Codes.SourceConfiguration);
    }

    /// <summary>Values alone, whatever the source.</summary>
    public static void CheckValues(SourceConfig? config, SourceRevisionConfig? revision, Refusals refusals)
    {
        string?[] faults =
        [
            config?.RepoUrl is { } repo ? FieldRules.RepoUrl(repo) : null,
            config?.CustomUrl is { Length: > 0 } url ? FieldRules.CustomUrl(url) : null,
            config?.InstallCommand is { } install ? FieldRules.Command(install, "install_command") : null,
            config?.BuildCommand is { } build ? FieldRules.Command(build, "build_command") : null,
            revision?.RepoRef is { } name ? FieldRules.RepoRef(name) : null,
            revision?.LanggraphConfigPath is { } path ? FieldRules.ConfigPath(path) : null,
            revision?.ImageUri is { } image ? FieldRules.Image(image) : null,
        ];
        foreach (var fault in faults) if (fault is not null) refusals.Add(fault);
        if (config?.ResourceSpec is { } spec) ResourceSpecRules.Check(spec, refusals);
    }

    private static void MustBeNull(string field, string source, Refusals refusals) =>
        refusals.Add($"Source configuration error: '{field}' must be null for '{source}' source", Codes.SourceConfiguration);

    private static string RequiredText(string field, string source) => $"Source configuration error: '{field}' is required for '{source}' source";
}
