using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.World;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>How to get an id of each kind of thing, through the API itself, and the few values of a body that no schema tells.</summary>
public sealed class Seeds(HttpClient http, GoodValues good)
{
    /// <summary>Where images run; must be said as soon as the workspace has listeners.</summary>
    public string? RunsAt { get; init; }

    /// <summary>Fills the path of an operation with ids of things that were just made, and the query with what must be there.</summary>
    public async Task<Target> TargetAsync(Operation operation)
    {
        var made = new Dictionary<string, string>();
        if (operation.Path.EndsWith("/upload-url", StringComparison.Ordinal))
            made["deployment_id"] = Text(await PostAsync("/v2/deployments", Deployment(source: "internal_source")), "id");
        foreach (var parameter in operation.Parameters.Where(one => one.In == "path")) await AddAsync(made, parameter.Name);
        var path = made.Aggregate(operation.Path, (at, one) => at.Replace($"{{{one.Key}}}", Uri.EscapeDataString(one.Value), StringComparison.Ordinal));
        var query = new Dictionary<string, string>();
        foreach (var parameter in operation.Parameters.Where(one => one is { In: "query", IsRequired: true }))
            query[parameter.Name] = parameter.Schema["enum"] is not null
                ? good.Least(parameter.Schema)!.ToString()
                : await AddAsync(made, parameter.Name == "deployment_ids" ? "deployment_id" : parameter.Name);

        // A long poll that waits for nobody.
        if (operation.Parameters.Any(one => one.Name == "timeout")) query["timeout"] = "0";
        return new Target(path, query, made);
    }

    /// <summary>The least that the schema asks for, and that makes sense.</summary>
    public async Task<JsonObject?> BodyAsync(Operation operation, Target target)
    {
        if (operation.BodySchema is not { } schema) return null;
        var body = good.Least(schema)!.AsObject();
        switch (((string?)schema["$ref"])?.Split('/')[^1])
        {
            case "DeploymentCreateRequest":
                body["source"] = "external_docker";
                body["source_config"] = Placement();
                body["source_revision_config"] = new JsonObject { ["image_uri"] = "registry.example/agent:1" };
                break;
            case "ListenerCreateRequest":
                body["compute_config"] = new JsonObject { ["k8s_namespaces"] = new JsonArray("agents") };
                break;
            case "AuthAuthenticateRequest":
                body["provider"] = await AddAsync(target.Made, "provider_id");
                body["scopes"] = new JsonArray("read");
                body["user_id"] = GoodValues.Word("user");
                break;
            case "OAuthTokenImportRequest":
                body["provider_id"] = await AddAsync(target.Made, "provider_id");
                break;
            case "ForgeGithubPickerSelectionRequest":
                body["installation_id"] = 1;
                break;
            case "TaggingCreate":
                body["tag_value_id"] = await AddAsync(target.Made, "tag_value_id");
                body["resource_type"] = "deployment";
                body["resource_id"] = await AddAsync(target.Made, "deployment_id");
                break;
            case "CreateAgentConnectionRequest":
                body["oauth_token_id"] = await AddAsync(target.Made, "token_id");
                break;
        }

        return body;
    }

    /// <param name="made">What there is already; gets what had to be made on the way, too.</param>
    public Task<string> IdAsync(Dictionary<string, string> made, string kind) => AddAsync(made, kind);

    private async Task<string> AddAsync(Dictionary<string, string> made, string kind) =>
        made.TryGetValue(kind, out var known) ? known : made[kind] = await MakeAsync(made, kind);

    private async Task<string> MakeAsync(Dictionary<string, string> made, string kind) => kind switch
    {
        "deployment_id" => Text(await PostAsync("/v2/deployments", Deployment()), "id"),
        "revision_id" => (string)(await GetAsync($"/v2/deployments/{await AddAsync(made, "deployment_id")}/revisions"))["resources"]![0]!["id"]!,
        "listener_id" => Text(await PostAsync("/v2/listeners", Listener()), "id"),
        "provider_id" => Text(await PostAsync("/v2/auth/providers", Provider()), "provider_id"),
        "token_id" => Text(await PostAsync("/v2/auth/tokens/import", Token(await AddAsync(made, "provider_id"))), "token_id"),
        "auth_id" => Text(await PostAsync("/v2/auth/authenticate", Consent(await AddAsync(made, "provider_id"))), "auth_id"),
        "connection_id" => Text(
            await PostAsync(
                $"/v2/auth/agents/{await AddAsync(made, "agent_id")}/connections",
                new JsonObject { ["oauth_token_id"] = await AddAsync(made, "token_id") }),
            "id"),
        "agent_id" => GoodValues.Word("agent"),

        "project_id" => await AddAsync(made, "deployment_id"),

        // Nobody's: a real one is in an address that was given to somebody.
        "token" => GoodValues.Word("token"),

        // Comes from GitHub alone, which is not here.
        "integration_id" => Guid.NewGuid().ToString(),
        "workspace_id" => Text(await PostAsync("/v2/access/workspaces", new JsonObject { ["name"] = GoodValues.Word("workspace") }), "id"),
        "user_id" => Text(await PostAsync("/v2/access/users", new JsonObject { ["email"] = $"{GoodValues.Word("user")}@example.org" }), "id"),
        "key_id" => Text(await PostAsync("/v2/access/keys", new JsonObject { ["name"] = "key", ["role"] = "viewer" }), "id"),
        "role_name" => Text(await PostAsync("/v2/access/roles", Role()), "name"),
        "tag_key_id" => Text(await PostAsync("/v1/workspaces/current/tag-keys", new JsonObject { ["key"] = GoodValues.Word("key") }), "id"),
        "tag_value_id" => Text(
            await PostAsync(
                $"/v1/workspaces/current/tag-keys/{await AddAsync(made, "tag_key_id")}/tag-values", new JsonObject { ["value"] = GoodValues.Word("value") }),
            "id"),
        "tagging_id" => Text(
            await PostAsync(
                "/v1/workspaces/current/taggings",
                new JsonObject
                {
                    ["tag_value_id"] = await AddAsync(made, "tag_value_id"),
                    ["resource_type"] = "deployment",
                    ["resource_id"] = await AddAsync(made, "deployment_id"),
                }),
            "id"),
        "resource_id" => await AddAsync(made, "deployment_id"),
        "resource_type" => "deployment",
        "digest" or "kind" or "version" or "part" => GoodValues.Word(kind),
        "session_id" => Guid.NewGuid().ToString(),
        _ => throw new InvalidOperationException($"Say how to get a {kind}."),
    };

    private JsonObject Deployment(string source = "external_docker") => new()
    {
        ["name"] = GoodValues.Word("app"),
        ["source"] = source,
        ["source_config"] = source == "external_docker" ? Placement() : new JsonObject(),
        ["source_revision_config"] = source == "external_docker" ? new JsonObject { ["image_uri"] = "registry.example/agent:1" } : new JsonObject(),
        ["secrets"] = new JsonArray(new JsonObject { ["name"] = "GREETING", ["value"] = "hello" }),
    };

    private JsonObject Placement() => RunsAt is null
        ? new JsonObject()
        : new JsonObject { ["listener_id"] = RunsAt, ["listener_config"] = new JsonObject { ["k8s_namespace"] = "agents" } };

    private static JsonObject Role() => new() { ["name"] = GoodValues.Word("role"), ["permissions"] = new JsonArray("deployments:read") };

    private JsonObject Listener() => new()
    {
        ["compute_type"] = "k8s",
        ["compute_id"] = GoodValues.Word("cluster"),
        ["compute_config"] = new JsonObject { ["k8s_namespaces"] = new JsonArray("agents") },
    };

    private JsonObject Provider() => new()
    {
        ["provider_id"] = GoodValues.Word("provider"),
        ["name"] = "A provider",
        ["client_id"] = "client",
        ["client_secret"] = "secret",
        ["auth_url"] = "https://provider.example/authorize",
        ["token_url"] = "https://provider.example/token",
    };

    private static JsonObject Token(string provider) => new()
    {
        ["provider_id"] = provider,
        ["access_token"] = "access",
        ["scopes"] = new JsonArray("read"),
    };

    private JsonObject Consent(string provider) => new()
    {
        ["provider"] = provider,
        ["scopes"] = new JsonArray("read"),
        ["user_id"] = GoodValues.Word("user"),
    };

    private static string Text(JsonNode answer, string field) => (string?)answer[field] ?? throw new SeedException($"no {field} in {answer.ToJsonString()}");

    private async Task<JsonNode> PostAsync(string path, JsonObject body)
    {
        using var answer = await http.PostAsJsonAsync(path, body, ContractHost.Cancel);
        return await ReadAsync(path, answer);
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), ContractHost.Cancel);
        return await ReadAsync(path, answer);
    }

    private static async Task<JsonNode> ReadAsync(string path, HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(ContractHost.Cancel);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new SeedException($"{path}: {(int)answer.StatusCode} {text}");
    }
}

/// <summary>What an operation needs could not be made.</summary>
public sealed class SeedException(string message) : Exception(message);

/// <param name="Made">Ids by kind.</param>
public sealed record Target(string Path, Dictionary<string, string> Query, Dictionary<string, string> Made)
{
    public string With(string? query, string? without = null)
    {
        var parts = Query.Where(one => one.Key != without && (query is null || !query.StartsWith($"{one.Key}=", StringComparison.Ordinal)))
            .Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}")
            .Concat(query is null ? [] : [query])
            .ToList();
        return parts.Count == 0 ? Path : $"{Path}?{string.Join('&', parts)}";
    }
}
