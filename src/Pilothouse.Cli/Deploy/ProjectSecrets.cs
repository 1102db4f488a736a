using Pilothouse.Cli.Connecting;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Deploy;

/// <summary>The environment of the agent, from a file or from the project's configuration. Values are never printed.</summary>
/// <param name="Secrets">Null: no file, so that what is stored stays.</param>
/// <param name="Skipped">Names that were left out, with the reason.</param>
/// <param name="Variables">All that the file or the map says: settings of the command line may be among them.</param>
internal sealed record ProjectSecrets(IReadOnlyList<Secret>? Secrets, IReadOnlyList<string> Skipped, IReadOnlyDictionary<string, string> Variables)
{
    /// <param name="file">Null: the project's <c>env</c>, else <c>.env</c> beside langgraph.json.</param>
    public static ProjectSecrets Read(Project project, string? file)
    {
        if (file is not null && !File.Exists(file)) throw new MisuseException($"There is no env file at {Path.GetFullPath(file)}.");
        // A map is part of the source and reaches the agent with it.
        if ((file ?? project.EnvFile) is not { } path || !File.Exists(path)) return new ProjectSecrets(null, [], project.EnvMap ?? new Dictionary<string, string>(StringComparer.Ordinal));
        var all = EnvFile.Parse(File.ReadAllText(path), Surroundings.Variable);
        var empty = all.Where(pair => pair.Value.Length == 0).Select(pair => $"{pair.Key} (empty)");
        var reserved = all.Keys.Where(ReservedNames.Contains).Where(name => name is not "LANGSMITH_DEPLOYMENT_NAME").Select(name => $"{name} (set by the platform)");
        return new ProjectSecrets(
            [.. all.Where(pair => pair.Value.Length > 0 && !ReservedNames.Contains(pair.Key)).Select(pair => new Secret(pair.Key, pair.Value))],
            [.. empty, .. reserved],
            all);
    }
}

/// <summary>Names that the control plane refuses, so that files made for other tools deploy all the same.</summary>
internal static class ReservedNames
{
    private static readonly HashSet<string> s_names = new(
        ("LANGCHAIN_TRACING_V2 LANGSMITH_TRACING_V2 LANGCHAIN_ENDPOINT LANGCHAIN_PROJECT LANGSMITH_PROJECT LANGSMITH_LANGGRAPH_GIT_REPO LANGGRAPH_GIT_REPO_PATH "
            + "LANGCHAIN_API_KEY LANGSMITH_CONTROL_PLANE_API_KEY POSTGRES_URI POSTGRES_PASSWORD DATABASE_URI LANGSMITH_LANGGRAPH_GIT_REF LANGSMITH_LANGGRAPH_GIT_REF_SHA "
            + "LANGGRAPH_AUTH_TYPE LANGSMITH_AUTH_ENDPOINT LANGSMITH_TENANT_ID LANGSMITH_AUTH_VERIFY_TENANT_ID LANGSMITH_HOST_PROJECT_ID LANGSMITH_HOST_PROJECT_NAME "
            + "LANGSMITH_HOST_REVISION_ID LOG_JSON LOG_DICT_TRACEBACKS REDIS_URI LANGCHAIN_CALLBACKS_BACKGROUND DD_TRACE_PSYCOPG_ENABLED DD_TRACE_REDIS_ENABLED "
            + "LANGSMITH_DEPLOYMENT_NAME LANGGRAPH_CLOUD_LICENSE_KEY LANGSMITH_API_KEY LANGSMITH_ENDPOINT POSTGRES_URI_CUSTOM REDIS_URI_CUSTOM PATH PORT MOUNT_PREFIX "
            + "LSD_ENV LSD_DD_API_KEY LSD_DD_ENDPOINT LSD_DEPLOYMENT_TYPE LANGGRAPH_HOST_API_KEY LANGGRAPH_HOST_URL PILOTHOUSE_API_KEY PILOTHOUSE_URL").Split(' '),
        StringComparer.Ordinal);

    public static bool Contains(string name) => s_names.Contains(name);
}
