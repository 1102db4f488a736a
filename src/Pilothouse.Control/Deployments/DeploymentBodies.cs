using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Deployments;

/// <summary>A PATCH, and what it may repeat of the fields that cannot change.</summary>
internal sealed record PatchRequest(DeploymentPatch Patch, string? Name = null, string? Source = null);

/// <summary>Takes the shape of requests; ask <see cref="RequestFaults.Any"/> before using what came out.</summary>
internal static class DeploymentBodies
{
    public static DeploymentCreate ReadCreate(BodyReader body)
    {
        var agent = body.OptionalObject("agent");
        return new DeploymentCreate
        {
            // In agent mode the server names the deployment.
            Name = agent is null ? body.Text("name") : body.OptionalText("name"),
            Agent = agent is null ? null : new AgentReference(agent.Text("agent_id"), agent.Choice("environment", AgentEnvironments.All)),
            Source = body.Choice("source", Sources.All),
            SourceConfig = ReadSourceConfig(body.Object("source_config")),
            SourceRevisionConfig = ReadSourceRevisionConfig(body.Object("source_revision_config")),
            Secrets = [.. body.Objects("secrets", isSecret: true).Select(ReadSecret)],
            SecretReferences = ReadReferences(body),
        };
    }

    public static PatchRequest ReadPatch(BodyReader body) => new(
        new DeploymentPatch
        {
            RevisionSource = body.OptionalChoice("revision_source", Sources.OfRevisions),
            SourceConfig = body.OptionalObject("source_config") is { } config ? ReadSourceConfig(config) : null,
            SourceRevisionConfig = body.OptionalObject("source_revision_config") is { } revision ? ReadSourceRevisionConfig(revision) : null,
            Secrets = body.OptionalObjects("secrets", isSecret: true) is { } secrets ? [.. secrets.Select(ReadSecret)] : null,
            SecretReferences = ReadReferences(body),
            TrackedPackages = body.OptionalTexts("tracked_packages"),
        },
        body.OptionalText("name"),
        body.OptionalText("source"));

    private static SourceConfig ReadSourceConfig(BodyReader body) => new()
    {
        IntegrationId = body.OptionalUuid("integration_id"),
        RepoUrl = body.OptionalText("repo_url"),
        DeploymentType = body.OptionalChoice("deployment_type", DeploymentTypes.All),
        BuildOnPush = body.OptionalBool("build_on_push"),
        CustomUrl = body.OptionalText("custom_url"),
        ResourceSpec = ResourceSpecReader.Read(body),
        ListenerId = body.OptionalUuid("listener_id"),
        ListenerConfig = body.OptionalObject("listener_config") is { } listener
            ? new ListenerConfig { K8sNamespace = listener.OptionalText("k8s_namespace") }
            : null,
        InstallCommand = body.OptionalText("install_command"),
        BuildCommand = body.OptionalText("build_command"),
    };

    /// <summary><c>repo_commit_sha</c> is read-only and therefore not read.</summary>
    private static SourceRevisionConfig ReadSourceRevisionConfig(BodyReader body) => new()
    {
        RepoRef = body.OptionalText("repo_ref"),
        LanggraphConfigPath = body.OptionalText("langgraph_config_path") is { } path ? FieldRules.WithoutLeadingDots(path) : null,
        ImageUri = body.OptionalText("image_uri"),
        SourceTarballPath = body.OptionalText("source_tarball_path"),
    };

    private static Secret ReadSecret(BodyReader body) => new(body.Text("name"), body.Text("value", isSecret: true));

    private static IReadOnlyList<SecretReference>? ReadReferences(BodyReader body) =>
        body.OptionalObjects("secret_references") is { } references
            ? [.. references.Select(item => new SecretReference(item.Text("name"), item.Text("secret_name"), item.Text("secret_key")))]
            : null;
}
