using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Contract;

namespace Pilothouse.Contract.Tests.Fuzz;

/// <summary>
/// Requests to every operation of a document: some good, some wrong in one place, some garbage. Ids of things that earlier answers named are used
/// again, so that requests reach behind the first check.
/// </summary>
public sealed class RandomRequests(ContractFile file, int seed)
{
    private const int MaxIds = 500;

    private static readonly string[] s_types = ["application/json", "application/json; charset=utf-8", "text/plain", "application/xml", "multipart/form-data", "application/gzip"];

    private static readonly string[] s_garbage = ["{", "]", "nul", "\"", "{\"a\":}", "{'a':1}", "[1,]", "\u0001", "{\"\\ud800\":\"\\ud800\"}", "1e", "{}{}", "/**/{}"];

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, List<string>> _ids = [];
    private (string Deployment, string Revision) _pair = ("", "");
    private int _names;

    /// <summary>Not safe for several callers at once.</summary>
    public (Operation Operation, HttpRequestMessage Request) Next()
    {
        var operation = file.Operations[_random.Next(file.Operations.Count)];
        var values = new RandomValues(file, _random);
        var path = operation.Path;
        foreach (var parameter in operation.Parameters.Where(one => one.In == "path"))
            path = path.Replace($"{{{parameter.Name}}}", Escaped(PathValue(parameter.Name, operation, values)), StringComparison.Ordinal);
        var query = string.Join('&', operation.Parameters.Where(one => one.In == "query" && (one.IsRequired || _random.Next(3) == 0)).Select(one => Query(one, values)));
        var prefix = _random.Next(10) == 0 ? "/api-host" : "";
        var request = new HttpRequestMessage(operation.Method, $"{prefix}{path}{(query.Length > 0 ? "?" : "")}{query}");
        if (operation.BodySchema is { } schema || _random.Next(20) == 0) request.Content = Body(operation.BodySchema, values);
        if (_random.Next(40) == 0) request.Headers.TryAddWithoutValidation("X-Tenant-Id", _random.Next(2) == 0 ? Guid.NewGuid().ToString() : "no uuid");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("If-Match", "\"no such tag\"");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("Idempotency-Key", $"key-{_random.Next(50)}");
        return (operation, request);
    }

    /// <summary>Keeps ids that an answer named.</summary>
    public void Learn(string answer)
    {
        if (!answer.StartsWith('{') || JsonNode.Parse(answer) is not JsonObject fields) return;
        foreach (var (field, value) in fields)
        {
            if (field.EndsWith("id", StringComparison.Ordinal) && value is JsonValue text && text.TryGetValue<string>(out var id)) Keep(KindOf(field, fields), id);
        }

        if ((string?)fields["latest_revision_id"] is { } revision) Keep("pair", $"{fields["id"]} {revision}");
    }

    private void Keep(string kind, string id)
    {
        if (!_ids.TryGetValue(kind, out var known)) _ids[kind] = known = [];
        if (known.Count < MaxIds) known.Add(id);
        else known[_random.Next(MaxIds)] = id;
    }

    private static string KindOf(string field, JsonObject fields) => field switch
    {
        "id" when fields.ContainsKey("tenant_id") => "deployment_id",
        "id" when fields.ContainsKey("compute_id") => "listener_id",
        "id" when fields.ContainsKey("oauth_token_id") => "connection_id",
        "id" when fields.ContainsKey("source_revision_config") => "revision_id",
        "oauth_token_id" => "token_id",
        _ => field,
    };

    private string PathValue(string name, Operation operation, RandomValues values)
    {
        switch (_random.Next(10))
        {
            case < 7:
                // A revision is only found below its own deployment.
                if (name is "deployment_id" or "project_id" && operation.Path.Contains("{revision_id}", StringComparison.Ordinal) && Known("pair") is { } pair)
                    _pair = (pair.Split(' ')[0], pair.Split(' ')[1]);
                if (name is "deployment_id" or "project_id") return operation.Path.Contains("{revision_id}", StringComparison.Ordinal) ? _pair.Deployment : Known("deployment_id") ?? "x";
                if (name is "revision_id") return _pair.Revision;
                return Known(name) ?? $"agent-{_random.Next(20)}";
            case 7:
                return Guid.NewGuid().ToString();
            default:
                return values.Text() is { Length: > 0 } text ? text[..Math.Min(text.Length, 300)] : "x";
        }
    }

    private string? Known(string kind) => _ids.TryGetValue(kind, out var known) ? known[_random.Next(known.Count)] : null;

    private string Query(Parameter parameter, RandomValues values)
    {
        // What asks to be kept waiting is another test's.
        if (parameter.Name is "timeout") return "timeout=0";
        var text = (_random.Next(3) == 0 ? values.Text() : values.Of(parameter.Schema)?.ToString()) ?? "";
        if (_random.Next(3) == 0) text = Known(parameter.Name is "deployment_ids" ? "deployment_id" : parameter.Name) ?? text;
        return $"{parameter.Name}={Escaped(text[..Math.Min(text.Length, 500)])}";
    }

    private ByteArrayContent Body(JsonNode? schema, RandomValues values)
    {
        var text = schema is null || _random.Next(15) == 0 ? s_garbage[_random.Next(s_garbage.Length)] : Sensible(values.Of(schema))?.ToJsonString() ?? "null";
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 0 && _random.Next(40) == 0) bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(s_types[_random.Next(20) == 0 ? _random.Next(s_types.Length) : 0]);
        return content;
    }

    /// <summary>Makes every other body of a deployment one that is taken, which a schema alone does not tell.</summary>
    private JsonNode? Sensible(JsonNode? body)
    {
        if (body is not JsonObject fields || !fields.ContainsKey("source_revision_config") || !fields.ContainsKey("source") || _random.Next(2) == 0) return body;
        fields["name"] = $"app-{_names++}";
        fields["source"] = "external_docker";
        fields["source_config"] = new JsonObject();
        fields["source_revision_config"] = new JsonObject { ["image_uri"] = "registry.example/agent:1" };
        fields["secrets"] = new JsonArray(new JsonObject { ["name"] = "A", ["value"] = "b" });
        fields["secret_references"] = null;
        return body;
    }

    /// <summary>Lone halves of characters cannot be sent in a URL at all.</summary>
    private static string Escaped(string text) => Uri.EscapeDataString(text) is var escaped && escaped is "." or ".." ? "x" : escaped;
}
