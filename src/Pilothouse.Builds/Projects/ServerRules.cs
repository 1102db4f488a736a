using System.Text.Json;

namespace Pilothouse.Builds.Projects;

/// <summary>Rules for what the agent server itself takes from langgraph.json.</summary>
internal static class ServerRules
{
    public static void Auth(ConfigCheck check, JsonElement value)
    {
        if (!check.Is(value, JsonValueKind.Object, "auth", "{\"path\": \"./auth.py:auth\"}")) return;
        check.IsImport(value, "auth", "path", isMandatory: false);
        check.IsBoolean(value, "auth", "disable_studio_auth");
        check.Member(value, "auth", "openapi", JsonValueKind.Object, "{\"securitySchemes\": {}}");
    }

    public static void Encryption(ConfigCheck check, JsonElement value)
    {
        if (check.Is(value, JsonValueKind.Object, "encryption", "{\"path\": \"./encryption.py:encryption\"}"))
            check.IsImport(value, "encryption", "path", isMandatory: true);
    }

    public static void Priority(ConfigCheck check, JsonElement value)
    {
        if (check.Is(value, JsonValueKind.Object, "priority", "{\"path\": \"./priority.py:priority\"}"))
            check.IsImport(value, "priority", "path", isMandatory: true);
    }

    public static void Http(ConfigCheck check, JsonElement value)
    {
        if (!check.Is(value, JsonValueKind.Object, "http", "{\"app\": \"./app.py:app\"}")) return;
        check.IsImport(value, "http", "app", isMandatory: false);
        foreach (var member in value.EnumerateObject())
            if (member.Name.StartsWith("disable_", StringComparison.Ordinal) || member.Name is "enable_custom_route_auth")
                check.IsBoolean(value, "http", member.Name);
        check.Member(value, "http", "mount_prefix", JsonValueKind.String, "\"/agent\"");
        check.Member(value, "http", "configurable_headers", JsonValueKind.Object, "{\"include\": [\"x-user-id\"]}");
        check.Member(value, "http", "logging_headers", JsonValueKind.Object, "{\"include\": [\"x-request-id\"]}");
        if (check.Member(value, "http", "cors", JsonValueKind.Object, "{\"allow_origins\": [\"https://example.com\"]}") is not { } cors) return;
        foreach (var name in (string[])["allow_origins", "allow_methods", "allow_headers", "expose_headers"])
            if (cors.TryGetProperty(name, out var list) && list.ValueKind != JsonValueKind.Null)
                check.IsListOfTexts(list, $"http.cors.{name}", "[\"*\"]");
        check.IsBoolean(cors, "http.cors", "allow_credentials");
        check.Member(cors, "http.cors", "allow_origin_regex", JsonValueKind.String, "\"https://.*\"");
        check.IsPositive(cors, "http.cors", "max_age");
    }

    public static void Store(ConfigCheck check, JsonElement value)
    {
        if (!check.Is(value, JsonValueKind.Object, "store", "{\"index\": {\"embed\": \"openai:text-embedding-3-small\", \"dims\": 1536}}")) return;
        if (check.Member(value, "store", "index", JsonValueKind.Object, "{\"embed\": \"…\", \"dims\": 1536}") is { } index)
        {
            check.Member(index, "store.index", "embed", JsonValueKind.String, "\"openai:text-embedding-3-small\"");
            check.IsPositive(index, "store.index", "dims");
            if (index.TryGetProperty("fields", out var fields) && fields.ValueKind != JsonValueKind.Null) check.IsListOfTexts(fields, "store.index.fields", "[\"$\"]");
        }

        if (check.Member(value, "store", "ttl", JsonValueKind.Object, "{\"default_ttl\": 43200}") is not { } ttl) return;
        check.IsPositive(ttl, "store.ttl", "default_ttl");
        check.IsPositive(ttl, "store.ttl", "sweep_interval_minutes");
        check.IsBoolean(ttl, "store.ttl", "refresh_on_read");
    }

    public static void Checkpointer(ConfigCheck check, JsonElement value)
    {
        if (!check.Is(value, JsonValueKind.Object, "checkpointer", "{\"ttl\": {\"strategy\": \"delete\", \"default_ttl\": 43200}}")) return;
        check.IsImport(value, "checkpointer", "path", isMandatory: false);
        if (check.Member(value, "checkpointer", "ttl", JsonValueKind.Object, "{\"strategy\": \"delete\", \"default_ttl\": 43200}") is not { } ttl) return;
        if (ttl.TryGetProperty("strategy", out var strategy) && strategy.ValueKind != JsonValueKind.Null
            && !(strategy.ValueKind == JsonValueKind.String && strategy.GetString() is "delete" or "keep_latest"))
            check.Fault("checkpointer.ttl.strategy", "must be \"delete\" or \"keep_latest\".");
        check.IsPositive(ttl, "checkpointer.ttl", "default_ttl");
        check.IsPositive(ttl, "checkpointer.ttl", "sweep_interval_minutes");
    }

    public static void Webhooks(ConfigCheck check, JsonElement value)
    {
        if (!check.Is(value, JsonValueKind.Object, "webhooks", "{\"headers\": {\"x-token\": \"${{ env.LG_WEBHOOK_TOKEN }}\"}}")) return;
        check.Member(value, "webhooks", "env_prefix", JsonValueKind.String, "\"LG_WEBHOOK_\"");
        check.Member(value, "webhooks", "url", JsonValueKind.Object, "{\"require_https\": true}");
        if (check.Member(value, "webhooks", "headers", JsonValueKind.Object, "{\"x-source\": \"agent\"}") is not { } headers) return;
        foreach (var header in headers.EnumerateObject())
            check.Is(header.Value, JsonValueKind.String, $"webhooks.headers.{header.Name}", "\"a text\"");
    }

    public static void Ui(ConfigCheck check, JsonElement value)
    {
        if (!check.Is(value, JsonValueKind.Object, "ui", "{\"agent\": \"./src/ui.tsx\"}")) return;
        foreach (var page in value.EnumerateObject())
            if (check.Is(page.Value, JsonValueKind.String, $"ui.{page.Name}", "\"./src/ui.tsx\"")) check.Inside(page.Value.GetString()!, $"ui.{page.Name}");
    }
}
