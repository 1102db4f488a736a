using Microsoft.Extensions.Options;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core;
using Pilothouse.Core.Launching;

namespace Pilothouse.Control.Listeners;

/// <summary>The variables that an agent server gets from the control plane (behaviour reference 4.3), its secrets among them.</summary>
internal sealed class AgentEnvironment(SecretVault vault, PublicAddress address, IOptions<TracingOptions> tracing)
{
    /// <exception cref="System.Security.Cryptography.CryptographicException">The secrets do not open.</exception>
    public async Task<IReadOnlyDictionary<string, string>> OfAsync(
        DeploymentRow deployment, RevisionRow revision, LaunchSpec launch, CancellationToken cancellationToken)
    {
        var secrets = await vault.OpenAsync(new WorkspaceId(revision.WorkspaceId), revision.SecretValues, cancellationToken);
        return Compose(deployment, revision, launch, secrets, address.Configured, tracing.Value);
    }

    /// <summary>What the project and its secrets say wins over the defaults; the identity wins over everything.</summary>
    public static IReadOnlyDictionary<string, string> Compose(
        DeploymentRow deployment, RevisionRow revision, LaunchSpec launch, IReadOnlyDictionary<string, string> secrets, string? publicUrl,
        TracingOptions tracing)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in Defaults(deployment, revision, publicUrl, tracing))
        {
            // What is given here wins over the launch spec.
            if (!launch.ProjectEnvironment.ContainsKey(name)) environment[name] = value;
        }

        foreach (var (name, value) in secrets) environment[name] = value;
        foreach (var (name, value) in Identity(deployment, revision)) environment[name] = value;
        return environment;
    }

    private static Dictionary<string, string> Identity(DeploymentRow deployment, RevisionRow revision) => new(StringComparer.Ordinal)
    {
        ["LANGSMITH_HOST_PROJECT_ID"] = deployment.Id.ToString("D"),
        ["LANGSMITH_HOST_PROJECT_NAME"] = deployment.Name,
        ["LANGSMITH_HOST_REVISION_ID"] = revision.Id.ToString("D"),
        ["LANGSMITH_DEPLOYMENT_NAME"] = deployment.Name,
        ["LANGSMITH_TENANT_ID"] = deployment.WorkspaceId.ToString("D"),

        // The gateway has asked for the key already.
        ["LANGGRAPH_AUTH_TYPE"] = "noop",
        ["LOG_JSON"] = "true",
    };

    private static Dictionary<string, string> Defaults(
        DeploymentRow deployment, RevisionRow revision, string? publicUrl, TracingOptions tracing)
    {
        var defaults = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LANGSMITH_LANGGRAPH_API_VARIANT"] = "cloud",
            ["LANGSMITH_TRACING"] = tracing.Endpoint is null ? "false" : "true",
        };
        if ((revision.DeploymentType ?? deployment.DeploymentType) is { } type) defaults["LSD_DEPLOYMENT_TYPE"] = type;
        if (publicUrl is not null)
        {
            // Agent auth and tool servers (clients reference, B4 20).
            defaults["LANGSMITH_API_URL"] = publicUrl + ControlFeature.ApiPrefix;
            defaults["LANGSMITH_HOST_API_URL"] = publicUrl + ControlFeature.ApiPrefix;
        }

        if (tracing.Endpoint is not { } endpoint) return defaults;
        defaults["LANGSMITH_ENDPOINT"] = endpoint;
        defaults["LANGSMITH_PROJECT"] = deployment.Name;
        if (tracing.ApiKeyVariable is { } variable && Environment.GetEnvironmentVariable(variable) is { } key) defaults["LANGSMITH_API_KEY"] = key;
        return defaults;
    }
}
