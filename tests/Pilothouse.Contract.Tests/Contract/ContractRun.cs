using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.World;

namespace Pilothouse.Contract.Tests.Contract;

/// <summary>Sends one operation what its part of the contract allows and what it forbids, and keeps what was wrong about the answers.</summary>
public sealed class ContractRun(ContractFile file, HttpClient http, HttpClient nobody)
{
    /// <summary>What any operation may answer: refused for what it means, no key, no permission, not there, contradicts what is there.</summary>
    private static readonly int[] s_always = [400, 401, 403, 404, 409];

    /// <summary>The contract asks for a key where a browser comes from a provider, which has none: the state is the permission.</summary>
    private static readonly string[] s_forBrowsers = ["oauth_callback_get_v2_auth_callback__provider_id__get"];

    private static readonly string[] s_unique = ["name", "compute_id", "provider_id"];

    private readonly GoodValues _good = new(file);
    private readonly Dictionary<string, HashSet<int>> _statuses = [];
    private readonly List<string> _faults = [];

    public AnswerCheck Check { get; } = new(file);

    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Statuses that each operation answered with.</summary>
    public IReadOnlyDictionary<string, HashSet<int>> Statuses => _statuses;

    public async Task RunAsync(Operation operation)
    {
        var seeds = new Seeds(http, _good);
        _statuses.TryAdd(operation.Id, []);
        try
        {
            await GoodAsync(operation, seeds);
            await StrangersAsync(operation, seeds);
            await PathsAsync(operation, seeds);
            await QueriesAsync(operation, seeds);
            await BodiesAsync(operation, seeds);
        }
        catch (SeedException without)
        {
            _faults.Add($"{operation} could not be tried: {without.Message}");
        }
    }

    private async Task GoodAsync(Operation operation, Seeds seeds)
    {
        var first = await seeds.TargetAsync(operation);
        var body = await seeds.BodyAsync(operation, first);
        await SendAsync(operation, "good", first.With(null), body?.ToJsonString(), Wanted.NoFault);

        var optional = operation.Parameters.Where(one => one is { In: "query", IsRequired: false } && one.Name != "timeout").ToList();
        if (optional.Count > 0)
        {
            var query = string.Join('&', optional.Select(one => $"{one.Name}={Uri.EscapeDataString(QueryValue(one))}"));
            var again = await seeds.TargetAsync(operation);
            await SendAsync(operation, "all query parameters", again.With(query), body?.ToJsonString(), Wanted.NoFault);
        }

        if (operation.BodySchema is { } schema && _good.Whole(schema) is { } whole)
        {
            var again = await seeds.TargetAsync(operation);
            await SendAsync(operation, "all fields", again.With(null), whole.ToJsonString(), Wanted.NoFault);
        }
    }

    private string QueryValue(Parameter parameter) => parameter.Name switch
    {
        "status" => "UNKNOWN",
        _ when parameter.Name.EndsWith("_ids", StringComparison.Ordinal) => Guid.NewGuid().ToString(),
        _ => _good.Least(parameter.Schema, parameter.Name)!.ToString(),
    };

    private async Task StrangersAsync(Operation operation, Seeds seeds)
    {
        var target = await seeds.TargetAsync(operation);
        var body = await seeds.BodyAsync(operation, target);
        var status = await SendAsync(operation, "no key", target.With(null), body?.ToJsonString(), Wanted.Any, by: nobody);
        if (!operation.IsOpen && status != 401 && !s_forBrowsers.Contains(operation.Id)) _faults.Add($"{operation}, no key: {status}, not 401.");
    }

    private async Task PathsAsync(Operation operation, Seeds seeds)
    {
        foreach (var parameter in operation.Parameters.Where(one => one.In == "path"))
        {
            var target = await seeds.TargetAsync(operation);
            var body = (await seeds.BodyAsync(operation, target))?.ToJsonString();
            var isUuid = (string?)parameter.Schema["format"] == "uuid";
            foreach (var wrong in (string[])["7", "not-a-uuid", "12345678-1234-1234-1234-12345678901", "%00", "..%2f..", "x' OR '1'='1"])
            {
                var path = operation.Path.Replace($"{{{parameter.Name}}}", Uri.EscapeDataString(wrong), StringComparison.Ordinal);
                path = target.Made.Aggregate(path, (at, one) => at.Replace($"{{{one.Key}}}", Uri.EscapeDataString(one.Value), StringComparison.Ordinal));
                await SendAsync(
                    operation, $"{parameter.Name} is {wrong}", (target with { Path = path }).With(null), body,
                    isUuid ? new Wanted($"path.{parameter.Name}") : Wanted.Any);
            }

            if (!isUuid) continue;
            var lost = target.Path.Replace(target.Made[parameter.Name], Guid.NewGuid().ToString(), StringComparison.Ordinal);
            var status = await SendAsync(operation, $"unknown {parameter.Name}", (target with { Path = lost }).With(null), body, Wanted.NoFault);
            if (status is not (404 or 403)) _faults.Add($"{operation}, unknown {parameter.Name}: {status}, not 404.");
        }
    }

    private async Task QueriesAsync(Operation operation, Seeds seeds)
    {
        foreach (var parameter in operation.Parameters.Where(one => one.In == "query"))
        {
            var target = await seeds.TargetAsync(operation);
            var body = (await seeds.BodyAsync(operation, target))?.ToJsonString();
            foreach (var one in BadQueries.Of(file, parameter))
                await SendAsync(operation, one.What, target.With(one.Query, without: parameter.Name), body, one.Fault is null ? Wanted.Any : new Wanted(one.Fault));
        }
    }

    private async Task BodiesAsync(Operation operation, Seeds seeds)
    {
        if (operation.BodySchema is not { } schema) return;
        var target = await seeds.TargetAsync(operation);
        var based = (await seeds.BodyAsync(operation, target))!;
        foreach (var one in new BadBodies(file, _good).Of(schema, based, operation.NeedsBody))
            await SendAsync(operation, one.What, target.With(null), one.Fault is null ? Renewed(one.Body, based) : one.Body, one.Fault is null ? Wanted.NoFault : new Wanted(one.Fault));
    }

    /// <summary>What must be unique is so again, lest all but the first were refused for being taken.</summary>
    private string Renewed(string body, JsonObject based) => s_unique
        .Select(field => based[field] is JsonValue value ? (string)value! : null)
        .OfType<string>()
        .Aggregate(body, (text, taken) => text.Replace($"\"{taken}\"", $"\"{GoodValues.Word("fresh")}\"", StringComparison.Ordinal));

    private async Task<int> SendAsync(Operation operation, string what, string path, string? body, Wanted wanted, HttpClient? by = null)
    {
        using var request = new HttpRequestMessage(operation.Method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var answer = await (by ?? http).SendAsync(request, ContractHost.Cancel);
        var text = await answer.Content.ReadAsStringAsync(ContractHost.Cancel);
        var status = (int)answer.StatusCode;
        _statuses[operation.Id].Add(status);

        foreach (var fault in Found(operation, status, answer.Content.Headers.ContentType?.MediaType, text, wanted))
            _faults.Add($"{operation}, {what}: {fault}\n    sent {path} {Shown(body)}\n    got {status} {Shown(text)}");
        return status;
    }

    private IEnumerable<string> Found(Operation operation, int status, string? type, string text, Wanted wanted)
    {
        if (!operation.Answers.ContainsKey(status) && !s_always.Contains(status)) yield return $"{status} is not listed.";
        foreach (var fault in Check.Faults(operation, status, type, text)) yield return fault;
        if (wanted.At is null && !wanted.IsAny && IsOfShape(status, text)) yield return "422, though its shape is good.";
        if (wanted.At is { } at && !Locations(status, text).Any(here => here == at || here.StartsWith($"{at}.", StringComparison.Ordinal)))
            yield return $"no 422 that names {at}.";
    }

    private static IEnumerable<string> Locations(int status, string text) => status == 422
        ? JsonNode.Parse(text)!["detail"]!.AsArray().Select(fault => string.Join('.', fault!["loc"]!.AsArray().Select(step => step!.ToString())))
        : [];

    /// <summary>A <c>value_error</c> is about more than its field's schema.</summary>
    private static bool IsOfShape(int status, string text) => status == 422
        && JsonNode.Parse(text)!["detail"]!.AsArray().Any(fault => (string?)fault!["type"] != "value_error");

    private static string Shown(string? text) => text is null ? "" : text.Length <= 300 ? text : $"{text[..300]}…";

    /// <param name="At">Where a 422 must name a fault.</param>
    /// <param name="IsAny">Whether it is answered with 422 or not.</param>
    private sealed record Wanted(string? At, bool IsAny = false)
    {
        public static Wanted NoFault { get; } = new((string?)null);

        public static Wanted Any { get; } = new(null, IsAny: true);
    }
}
