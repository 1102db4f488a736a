namespace Pilothouse.Control.Tests.Access;

/// <param name="Permission">Null: every caller with a good key.</param>
internal sealed record MatrixLine(string? Permission, string Who)
{
    /// <summary>
    /// a(dmin), e(ditor), v(iewer), c(ustom); the administrator of the organization always, but for what listeners do, which is for their own keys; a stranger
    /// never.
    /// </summary>
    public bool LetsIn(string role) => Permission is null || (role is "organization" && Permission is not "listeners:serve") || (role is not "stranger" && Who.Contains(role[0], StringComparison.Ordinal));
}

/// <summary>
/// What each operation asks for and who has it, written down by hand from the behaviour reference (9.2) and docs/security.md, and from no code. An
/// endpoint that is not here fails the tests: say who may call it.
/// </summary>
internal static class MatrixTable
{
    public static readonly string[] Roles = ["organization", "admin", "editor", "viewer", "custom", "stranger"];

    /// <summary>For anybody, without a key.</summary>
    public static readonly string[] Open =
    [
        "PUT /uploads/{token}", "GET /v2/auth/setup/{provider_id}", "GET /v2/auth/callback/{provider_id}", "GET /openapi.json", "GET /docs",
        "GET /docs/scalar.js", "GET /docs/scalar.aspnetcore.js",
        "GET /docs/favicon.svg", "GET /docs/{documentName?}",
    ];

    private const string Text = """
        GET    /v2/deployments                                                    deployments:read           a e v c
        POST   /v2/deployments                                                    deployments:create         a e
        DELETE /v2/deployments                                                    deployments:delete         a c
        GET    /v2/deployments/free-count                                         deployments:read           a e v c
        GET    /v2/deployments/{deployment_id}                                    deployments:read           a e v c
        PATCH  /v2/deployments/{deployment_id}                                    deployments:update         a e
        DELETE /v2/deployments/{deployment_id}                                    deployments:delete         a c
        POST   /v2/deployments/{deployment_id}/upload-url                         deployments:update         a e
        POST   /v2/deployments/{deployment_id}/push-token                         deployments:update         a e
        GET    /v2/deployments/{deployment_id}/events                             deployments:read           a e v c
        GET    /v2/deployments/{deployment_id}/explain                            deployments:read           a e v c
        GET    /v2/deployments/{deployment_id}/rollback                           deployments:read           a e v c
        POST   /v2/deployments/{deployment_id}/rollback                           deployments:update         a e
        POST   /v2/deployments/{deployment_id}/resume                             deployments:update         a e
        GET    /v2/deployments/{deployment_id}/revisions                          deployments:read           a e v c
        POST   /v2/deployments/{deployment_id}/revisions                          deployments:update         a e
        GET    /v2/deployments/{deployment_id}/revisions/{revision_id}            deployments:read           a e v c
        GET    /v2/deployments/{deployment_id}/revisions/{revision_id}/events     deployments:read           a e v c
        GET    /v2/deployments/{deployment_id}/revisions/{revision_id}/logs       deployments:read           a e v c
        POST   /v2/deployments/{deployment_id}/revisions/{revision_id}/redeploy   deployments:update         a e
        POST   /v2/deployments/{deployment_id}/revisions/{revision_id}/interrupt  deployments:update         a e
        POST   /v1/projects/{project_id}/revisions/{revision_id}/build_logs    deployments:read           a e v c
        POST   /v1/projects/{project_id}/revisions/{revision_id}/deploy_logs   deployments:read           a e v c
        POST   /v1/projects/{project_id}/deploy_logs                           deployments:read           a e v c
        GET    /v1/workspaces/current/tag-keys                                    deployments:read           a e v c
        POST   /v1/workspaces/current/tag-keys                                    deployments:update         a e
        GET    /v1/workspaces/current/tag-keys/{tag_key_id}                       deployments:read           a e v c
        PATCH  /v1/workspaces/current/tag-keys/{tag_key_id}                       deployments:update         a e
        DELETE /v1/workspaces/current/tag-keys/{tag_key_id}                       deployments:update         a e
        GET    /v1/workspaces/current/tag-keys/{tag_key_id}/tag-values            deployments:read           a e v c
        POST   /v1/workspaces/current/tag-keys/{tag_key_id}/tag-values            deployments:update         a e
        GET    /v1/workspaces/current/tag-keys/{tag_key_id}/tag-values/{tag_value_id} deployments:read           a e v c
        PATCH  /v1/workspaces/current/tag-keys/{tag_key_id}/tag-values/{tag_value_id} deployments:update         a e
        DELETE /v1/workspaces/current/tag-keys/{tag_key_id}/tag-values/{tag_value_id} deployments:update         a e
        GET    /v1/workspaces/current/tags                                        deployments:read           a e v c
        GET    /v1/workspaces/current/tags/resource                               deployments:read           a e v c
        GET    /v1/workspaces/current/taggings                                    deployments:read           a e v c
        POST   /v1/workspaces/current/taggings                                    deployments:update         a e
        DELETE /v1/workspaces/current/taggings/{tagging_id}                       deployments:update         a e
        GET    /v2/listeners                                                      listeners:read             a e v
        POST   /v2/listeners                                                      listeners:create           a
        GET    /v2/listeners/{listener_id}                                        listeners:read             a e v
        PATCH  /v2/listeners/{listener_id}                                        listeners:update           a
        DELETE /v2/listeners/{listener_id}                                        listeners:delete           a
        POST   /v2/listeners/{listener_id}/keys                                   listeners:create           a
        POST   /v2/listeners/{listener_id}/protocol/lead                          listeners:serve
        POST   /v2/listeners/{listener_id}/protocol/resign                        listeners:serve
        POST   /v2/listeners/{listener_id}/protocol/pull                          listeners:serve
        POST   /v2/listeners/{listener_id}/protocol/reports                       listeners:serve
        POST   /v2/listeners/{listener_id}/protocol/logs                          listeners:serve
        POST   /v2/listeners/{listener_id}/protocol/callers                       listeners:serve
        GET    /v2/listeners/{listener_id}/protocol/artifacts/{digest}            listeners:serve
        GET    /v2/listeners/{listener_id}/protocol/tools/{kind}/{version}        listeners:serve
        GET    /v2/listeners/{listener_id}/protocol/tools/{kind}/{version}/{part}  listeners:serve
        GET    /v1/integrations/github/install                                    integrations:read          a e v
        GET    /v1/integrations/github/{integration_id}/repos                     integrations:read          a e v
        GET    /v1/integrations/forge/github/install                              integrations:read          a e v
        GET    /v1/integrations/forge/github/{integration_id}/repos               integrations:read          a e v
        GET    /v2/integrations/github/installations                              integrations:read          a e v
        GET    /v2/integrations/forge-github/installations                        integrations:read          a e v
        GET    /v2/integrations/github/installations/{integration_id}/repositories        integrations:read  a e v
        GET    /v2/integrations/forge-github/installations/{integration_id}/repositories  integrations:read  a e v
        POST   /v2/integrations/github/installation-link                          integrations:update        a
        POST   /v2/integrations/forge-github/installation-link                    integrations:update        a
        GET    /v2/integrations/forge-github/picker-sessions/{session_id}         integrations:update        a
        POST   /v2/integrations/forge-github/picker-sessions/{session_id}/selection  integrations:update     a
        GET    /v2/auth/providers                                                 oauth-providers:read       a e v
        POST   /v2/auth/providers                                                 oauth-providers:create     a
        POST   /v2/auth/providers/mcp-discover                                    oauth-providers:create     a
        GET    /v2/auth/providers/{provider_id}                                   oauth-providers:read       a e v
        PATCH  /v2/auth/providers/{provider_id}                                   oauth-providers:update     a
        DELETE /v2/auth/providers/{provider_id}                                   oauth-providers:delete     a
        POST   /v2/auth/callback/{provider_id}                                    oauth-tokens:use           a e v
        POST   /v2/auth/authenticate                                              oauth-tokens:use           a e v
        GET    /v2/auth/wait/{auth_id}                                            oauth-tokens:use           a e v
        GET    /v2/auth/tokens                                                    oauth-tokens:use           a e v
        DELETE /v2/auth/tokens                                                    oauth-tokens:use           a e v
        DELETE /v2/auth/tokens/{token_id}                                         oauth-tokens:use           a e v
        PATCH  /v2/auth/tokens/{token_id}/metadata                                oauth-tokens:use           a e v
        GET    /v2/auth/tokens/exists                                             oauth-tokens:use           a e v
        POST   /v2/auth/tokens/exists/batch                                       oauth-tokens:use           a e v
        POST   /v2/auth/tokens/import                                             oauth-tokens:use           a e v
        GET    /v2/auth/tokens/workspace/slack/exists                             oauth-tokens:use           a e v
        DELETE /v2/auth/tokens/workspace/slack                                    oauth-tokens:manage        a
        GET    /v2/auth/agents/{agent_id}/connections                             oauth-tokens:use           a e v
        POST   /v2/auth/agents/{agent_id}/connections                             oauth-tokens:use           a e v
        DELETE /v2/auth/agents/{agent_id}/connections/{connection_id}             oauth-tokens:use           a e v
        POST   /v2/auth/agents/{agent_id}/providers/{provider_id}/tokens          oauth-tokens:use           a e v
        GET    /v2/access/me                                                      -
        GET    /v2/access/organization                                            workspaces:read            a e v
        PATCH  /v2/access/organization                                            organization:manage
        GET    /v2/access/workspaces                                              workspaces:read            a e v
        POST   /v2/access/workspaces                                              organization:manage
        PATCH  /v2/access/workspaces/{workspace_id}                               organization:manage
        GET    /v2/access/keys                                                    workspaces:manage-keys     a c
        POST   /v2/access/keys                                                    workspaces:manage-keys     a c
        DELETE /v2/access/keys/{key_id}                                           workspaces:manage-keys     a c
        GET    /v2/access/me/keys                                                 personal-keys:use          a e v
        POST   /v2/access/me/keys                                                 personal-keys:use          a e v
        DELETE /v2/access/me/keys/{key_id}                                        personal-keys:use          a e v
        GET    /v2/access/users                                                   workspaces:manage-members  a
        POST   /v2/access/users                                                   organization:manage
        GET    /v2/access/users/{user_id}                                         workspaces:manage-members  a
        PATCH  /v2/access/users/{user_id}                                         organization:manage
        POST   /v2/access/users/{user_id}/keys                                    organization:manage
        GET    /v2/access/members                                                 workspaces:read            a e v
        PUT    /v2/access/members/{user_id}                                       workspaces:manage-members  a
        DELETE /v2/access/members/{user_id}                                       workspaces:manage-members  a
        GET    /v2/access/roles                                                   workspaces:read            a e v
        POST   /v2/access/roles                                                   roles:manage               a
        DELETE /v2/access/roles/{role_name}                                       roles:manage               a
        GET    /v2/access/audit-log                                               audit:read                 a
        """;

    private static readonly Dictionary<string, MatrixLine> s_lines = Text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .ToDictionary(words => $"{words[0]} {words[1]}", words => new MatrixLine(words[2] is "-" ? null : words[2], string.Concat(words.Skip(3))), StringComparer.Ordinal);

    /// <summary>Null for an operation that nobody has written down.</summary>
    public static MatrixLine? Find(string name) => s_lines.GetValueOrDefault(name);
}
