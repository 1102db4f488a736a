using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Contract;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <param name="In"><c>path</c>, <c>query</c> or <c>body</c>.</param>
/// <param name="Name">Of the parameter, or of the field with dots: <c>source_config.listener_id</c>.</param>
/// <param name="Kind">What it names, as <see cref="Tenant.Ids"/> calls it.</param>
public sealed record Place(string In, string Name, string Kind)
{
    public override string ToString() => $"{In}.{Name}";
}

/// <summary>Where requests name things. What is in neither list is a fault: whoever adds a field says what it names.</summary>
public static class Places
{
    private static readonly Dictionary<string, string> s_named = new()
    {
        ["deployment_ids"] = "deployment_id",
        ["resource_id"] = "deployment_id",
        ["tag_value_ids"] = "tag_value_id",
        ["actor_id"] = "key_id",
        ["name"] = "name",
        ["name_contains"] = "name",
        ["email"] = "user_id",
        ["source_config.listener_id"] = "listener_id",
        ["source_config.integration_id"] = "integration_id",
        ["source_revision_config.source_tarball_path"] = "source_tarball_path",
        ["oauth_token_id"] = "token_id",
        ["provider"] = "provider_id",
        ["provider_ids"] = "provider_id",
        ["role"] = "role_name",
        ["ls_user_id"] = "user_id",
    };

    private static readonly string[] s_kinds =
    [
        "deployment_id", "revision_id", "project_id", "listener_id", "integration_id", "workspace_id", "user_id", "key_id", "role_name", "session_id",
        "provider_id", "token_id", "auth_id", "agent_id", "connection_id", "state", "installation_id",
        "tag_key_id", "tag_value_id", "tagging_id",
    ];

    /// <summary>Names nothing that anybody has: values, choices, and addresses of what lies outside.</summary>
    private static readonly HashSet<string> s_values =
    [
        // Paging and filters by value.
        "limit", "offset", "page_size", "cursor", "after", "order", "level", "query", "type", "start_time", "end_time", "status", "remote_reconciled",
        "image_version", "deployment_type", "agent_environment", "scope", "operation", "resource_type", "outcome", "timeout", "run_id", "sort_by", "sort_order",
        "force", "delete_tracing_project", "reason", "number",

        // A browser brings these from a provider.
        "code", "error", "error_description", "setup_action",

        // Written down as they are.
        "agent", "agent.agent_id", "agent.environment", "secrets", "secret_references", "source", "source_config", "source_revision_config", "tracked_packages",
        "revision_source", "expires_at", "expires_in_seconds", "is_default", "is_disabled", "is_organization_admin", "issuer", "subject", "organization_role", "permissions",
        "access_token", "refresh_token", "metadata", "provider_account_label", "scopes", "return_to", "action", "compute_config", "compute_id", "compute_type",
        "version", "supports_upload_headers", "supports_registry_username", "auth_url", "token_url", "client_id", "client_secret", "code_challenge_method",
        "token_endpoint_auth_method", "provider_type", "uses_pkce", "check_only", "force_new", "redirect_uri", "use_agent_builder_public_oauth", "mcp_server_url",
        "source_config.build_command", "source_config.build_on_push", "source_config.custom_url", "source_config.deployment_type",
        "source_config.install_command", "source_config.listener_config", "source_config.repo_url", "source_config.resource_spec",
        "source_revision_config.image_uri", "source_revision_config.langgraph_config_path", "source_revision_config.repo_ref",

        // The right to write one upload, for whoever holds it.
        "token",

        // Words of tags.
        "key", "value", "description",
    ];

    public static (IReadOnlyList<Place> Places, IReadOnlyList<string> Faults) Of(ContractFile file, Operation operation)
    {
        var faults = new List<string>();
        var places = new List<Place>();
        foreach (var parameter in operation.Parameters.Where(one => one.In is "path" or "query")) Add(parameter.In, parameter.Name);
        foreach (var field in operation.BodySchema is { } schema ? Fields(file, schema) : []) Add("body", field);
        return (places, faults);

        void Add(string at, string name)
        {
            if (at == "query" && name is "state" or "installation_id") return;
            if (at == "body" && name is "name" or "email") return;

            // A name in the caller's own, where every name is free.
            if (at == "body" && name == "provider_id" && operation.Path.StartsWith("/v2/auth/providers", StringComparison.Ordinal)) return;
            if (at == "body" && name is "user_id" or "ls_user_id") return;
            if (name == "agent_id" && operation.Verb == "post") return;
            var kind = s_named.GetValueOrDefault(name) ?? (s_kinds.Contains(name) ? name : null);
            if (kind is not null) places.Add(new Place(at, name, kind));
            else if (!s_values.Contains(name)) faults.Add($"{operation}: say in Places what {at}.{name} names.");
        }
    }

    /// <summary>The fields of a body, and of the two objects of a deployment within it.</summary>
    private static IEnumerable<string> Fields(ContractFile file, JsonNode schema, string under = "")
    {
        foreach (var (name, field) in file.Filled(schema)["properties"] as JsonObject ?? [])
        {
            yield return under + name;
            if (name is not ("source_config" or "source_revision_config")) continue;
            foreach (var deeper in Fields(file, field!, $"{name}.")) yield return deeper;
        }
    }
}
