using Microsoft.AspNetCore.Routing;

namespace Pilothouse.Control.Audit;

/// <param name="Name">e.g. <c>create_deployment</c>.</param>
/// <param name="Resource">e.g. <c>deployment</c>.</param>
internal sealed record AuditOperation(string Name, string Resource);

/// <summary>
/// What a change is called. Read off method and path, so that no endpoint is without a name: POST to a collection creates one, a verb at the end of a
/// path is the operation, and the rest is by method.
/// </summary>
internal static class AuditOperations
{
    private static readonly Dictionary<string, AuditOperation> s_named = new(StringComparer.Ordinal)
    {
        ["POST /v2/deployments/{deployment_id}/upload-url"] = new("create_upload_url", "deployment"),
        ["POST /v2/deployments/{deployment_id}/push-token"] = new("create_push_token", "deployment"),
        ["POST /v2/auth/authenticate"] = new("authenticate", "oauth_token"),
        ["POST /v2/auth/callback/{provider_id}"] = new("finish_authentication", "oauth_token"),
        ["GET /v2/auth/callback/{provider_id}"] = new("finish_authentication", "oauth_token"),
        ["POST /v2/auth/tokens/import"] = new("import_oauth_token", "oauth_token"),
        ["POST /v2/auth/providers/mcp-discover"] = new("discover_oauth_provider", "oauth_provider"),
        ["POST /v2/auth/agents/{agent_id}/providers/{provider_id}/tokens"] = new("set_agent_oauth_token", "agent_connection"),
        ["DELETE /v2/auth/tokens/workspace/slack"] = new("delete_slack_oauth_tokens", "oauth_token"),
    };

    /// <summary>POST that only asks.</summary>
    private static readonly HashSet<string> s_questions = new(StringComparer.Ordinal) { "POST /v2/auth/tokens/exists/batch" };

    private static readonly Dictionary<string, string> s_nouns = new(StringComparer.Ordinal)
    {
        ["providers"] = "oauth_provider",
        ["tokens"] = "oauth_token",
        ["connections"] = "agent_connection",
        ["keys"] = "api_key",
        ["members"] = "workspace_member",
    };

    /// <summary>What a listener says all day is no change that somebody made.</summary>
    private const string OfListeners = "/protocol/";

    public static bool IsQuestion(string method, string path) =>
        method is "GET" or "HEAD" or "OPTIONS" || s_questions.Contains($"{method} {path}") || path.Contains(OfListeners, StringComparison.Ordinal);

    /// <param name="path">Of the route, e.g. <c>/v2/deployments/{deployment_id}</c>.</param>
    public static AuditOperation Of(string method, string path)
    {
        if (s_named.TryGetValue($"{method} {path}", out var named)) return named;
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var fixedParts = parts.Where(part => part[0] != '{' && part is not ("v1" or "v2" or "access")).ToList();
        if (fixedParts.Count == 0) return new AuditOperation($"{method.ToLowerInvariant()}_resource", "resource");

        var last = fixedParts[^1];
        var isItem = parts[^1][0] == '{';
        if (isItem) return new AuditOperation($"{Verb(method)}_{Noun(last)}", Noun(last));
        if (IsCollection(last))
            return method is "DELETE" ? new AuditOperation($"delete_{Plural(last)}", Noun(last)) : new AuditOperation($"{Verb(method, isNew: true)}_{Noun(last)}", Noun(last));

        // …/{id}/redeploy, …/{id}/metadata
        var owner = fixedParts.Count > 1 ? Noun(fixedParts[^2]) : Spelt(last);
        return method is "POST" ? new AuditOperation($"{Spelt(last)}_{owner}", owner) : new AuditOperation($"{Verb(method)}_{(fixedParts.Count > 1 ? $"{owner}_{Spelt(last)}" : owner)}", owner);
    }

    /// <summary>The innermost thing that the path names.</summary>
    public static string? IdOf(RouteValueDictionary values, string path)
    {
        var name = path.Split('/').LastOrDefault(part => part.StartsWith('{'))?.Trim('{', '}').Split(':')[0];
        return name is not null && values.TryGetValue(name, out var value) ? value as string : null;
    }

    private static string Verb(string method, bool isNew = false) => method switch
    {
        "POST" when isNew => "create",
        "PUT" => "set",
        "DELETE" => "delete",
        "GET" or "HEAD" => "read",
        _ => "update",
    };

    private static bool IsCollection(string part) => part.EndsWith('s') && !part.EndsWith("ss", StringComparison.Ordinal);

    private static string Plural(string part) => $"{Noun(part)}s";

    private static string Noun(string part) => s_nouns.GetValueOrDefault(part) ?? Spelt(IsCollection(part) ? part[..^1] : part);

    private static string Spelt(string part) => part.Replace('-', '_');
}
