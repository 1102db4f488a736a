using Pilothouse.Cli.Connecting;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Deploy;

/// <summary>Whether a deployment is chosen by agent and environment instead of by name.</summary>
internal static class AgentChoice
{
    /// <summary>By options, else by the variables that the official CLI reads, unless an option names the deployment itself.</summary>
    /// <returns>Null: by name.</returns>
    /// <exception cref="MisuseException">Half of it, an environment that does not exist, or a deployment named twice.</exception>
    public static AgentReference? Of(string? id, string? environment, string? name, Guid? deployment, Surroundings around)
    {
        var isNamed = name is not null || deployment is not null;
        if ((id ?? environment) is not null && isNamed) throw new MisuseException("--agent-id and --agent-environment choose a deployment; leave --name and --deployment-id out.");
        if (isNamed) return null;
        id ??= around.Process("LANGSMITH_AGENT_ID");
        environment ??= around.Process("LANGSMITH_AGENT_ENVIRONMENT");
        if (id is null && environment is null) return null;
        if (string.IsNullOrWhiteSpace(id) || environment is null)
            throw new MisuseException("An agent is chosen by --agent-id and --agent-environment (or LANGSMITH_AGENT_ID and LANGSMITH_AGENT_ENVIRONMENT) together; one is missing.");
        return AgentEnvironments.All.Contains(environment, StringComparer.Ordinal)
            ? new AgentReference(id, environment)
            : throw new MisuseException($"'{environment}' is no environment of an agent: give {string.Join(", ", AgentEnvironments.All)}.");
    }
}
