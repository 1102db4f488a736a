using System.Collections.Frozen;

namespace Pilothouse.Control.Secrets;

/// <summary>
/// Environment variables that the platform sets itself (behaviour reference 4.2); clients leave these 40 out of what they send. A secret that
/// took one would change who the agent server thinks it is, where it listens or where it keeps its state.
/// </summary>
internal static class ReservedNames
{
    private static readonly FrozenSet<string> s_all = new[]
    {
        // Identity and origin.
        "LANGSMITH_TENANT_ID", "LANGSMITH_HOST_PROJECT_ID", "LANGSMITH_HOST_PROJECT_NAME", "LANGSMITH_HOST_REVISION_ID",
        "LANGSMITH_DEPLOYMENT_NAME", "LANGSMITH_LANGGRAPH_GIT_REPO", "LANGSMITH_LANGGRAPH_GIT_REF", "LANGSMITH_LANGGRAPH_GIT_REF_SHA",
        "LANGGRAPH_GIT_REPO_PATH",

        // Tracing and the control plane.
        "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2", "LANGCHAIN_ENDPOINT", "LANGSMITH_ENDPOINT", "LANGCHAIN_PROJECT", "LANGSMITH_PROJECT",
        "LANGCHAIN_API_KEY", "LANGSMITH_API_KEY", "LANGSMITH_CONTROL_PLANE_API_KEY", "LANGCHAIN_CALLBACKS_BACKGROUND",
        "LANGGRAPH_CLOUD_LICENSE_KEY",

        // Callers.
        "LANGGRAPH_AUTH_TYPE", "LANGSMITH_AUTH_ENDPOINT", "LANGSMITH_AUTH_VERIFY_TENANT_ID",

        // State.
        "POSTGRES_URI", "POSTGRES_URI_CUSTOM", "POSTGRES_PASSWORD", "DATABASE_URI", "REDIS_URI", "REDIS_URI_CUSTOM",

        // The process and its address.
        "PATH", "PORT", "MOUNT_PREFIX",

        // Observability.
        "LOG_JSON", "LOG_DICT_TRACEBACKS", "DD_TRACE_PSYCOPG_ENABLED", "DD_TRACE_REDIS_ENABLED", "LSD_ENV", "LSD_DD_API_KEY",
        "LSD_DD_ENDPOINT", "LSD_DEPLOYMENT_TYPE",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static IReadOnlyCollection<string> All => s_all;

    public static bool Contains(string name) => s_all.Contains(name);
}
