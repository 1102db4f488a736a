using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Contract.Tests.World;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>Asks one operation for things of another workspace, and for things that nobody has, and holds the answers side by side.</summary>
/// <param name="shared">Kinds of things that the two have in common.</param>
internal sealed partial class TenancyRun(ContractFile file, Tenant theirs, Tenant ours, IReadOnlyCollection<string> shared)
{
    private static readonly string[] s_perRequest = ["Date", "Content-Length", "ETag", "Traceparent", "traceresponse", "X-Request-Id"];

    private readonly Seeds _seeds = new(ours.Http, new GoodValues(file)) { RunsAt = ours.Ids["listener_id"] };

    /// <summary>Texts that only their answers may hold; what a request says itself, its answer may repeat.</summary>
    private readonly string[] _marks = [.. theirs.Ids
        .Where(id => !shared.Contains(id.Key) && id.Key is not "installation_id")
        .Select(id => id.Value).Append(theirs.Workspace.ToString())];

    public List<string> Faults { get; } = [];

    public int Pairs { get; private set; }

    public async Task RunAsync(Operation operation)
    {
        var (places, unnamed) = Places.Of(file, operation);
        Faults.AddRange(unnamed);
        var own = await _seeds.TargetAsync(operation);
        foreach (var asked in Mixes([.. places.Where(place => !shared.Contains(place.Kind))]))
        {
            foreach (var headers in Headers(operation, asked))
            {
                var foreign = asked.ToDictionary(place => place, place => theirs.Ids[place.Kind]);
                var nobodys = asked.Select(place => place.Kind).Distinct().ToDictionary(kind => kind, kind => Unknown.Like(kind, theirs.Ids[kind]));
                var unknown = asked.ToDictionary(place => place, place => nobodys[place.Kind]);
                var first = await AnswerAsync(operation, own, foreign, headers);
                var second = await AnswerAsync(operation, own, unknown, headers);
                Pairs++;
                if (first.Text != second.Text)
                    Faults.Add($"{operation}, {string.Join(" + ", asked)}{headers}: theirs is told from nobody's.\n    {first.Text}\n    {second.Text}");
                if (first.IsTaken || second.IsTaken) own = await _seeds.TargetAsync(operation);
            }
        }

        await AnswerAsync(operation, own, [], Extra.None);
    }

    /// <summary>Each place alone, with one's own in the others; all of the path; that and each other place.</summary>
    private static IEnumerable<IReadOnlyList<Place>> Mixes(IReadOnlyList<Place> places)
    {
        var path = places.Where(place => place.In == "path").ToList();
        foreach (var one in places) yield return [one];
        if (path.Count > 1) yield return path;
        if (path.Count == 0) yield break;
        foreach (var other in places.Where(place => place.In != "path")) yield return [.. path, other];
    }

    private static IEnumerable<Extra> Headers(Operation operation, IReadOnlyList<Place> asked)
    {
        yield return Extra.None;
        if (asked.Any(place => place.In != "path")) yield break;
        if (operation.Path.EndsWith("/events", StringComparison.Ordinal)) yield return new Extra("Accept", "text/event-stream");
        foreach (var (name, value) in new[] { ("Prefer", "wait=1"), ("If-Match", "\"1\""), ("If-None-Match", "\"1\"") })
        {
            if (operation.Parameters.Any(one => one.In == "header" && one.Name == name)) yield return new Extra(name, value);
        }
    }

    private async Task<Answer> AnswerAsync(Operation operation, Target own, Dictionary<Place, string> asked, Extra extra)
    {
        var path = operation.Path;
        foreach (var (place, id) in asked.Where(one => one.Key.In == "path"))
            path = path.Replace($"{{{place.Name}}}", Uri.EscapeDataString(id), StringComparison.Ordinal);
        var mine = own.Made;
        if (asked.Keys.Any(place => place.Kind == "source_tarball_path") && mine.ContainsKey("deployment_id"))
            mine = new Dictionary<string, string>(mine) { ["deployment_id"] = ours.Ids["built_deployment_id"] };
        path = mine.Aggregate(path, (at, one) => at.Replace($"{{{one.Key}}}", Uri.EscapeDataString(one.Value), StringComparison.Ordinal));
        var query = own.Query.Where(one => asked.Keys.All(place => place.In != "query" || place.Name != one.Key))
            .Concat(asked.Where(one => one.Key.In == "query").Select(one => KeyValuePair.Create(one.Key.Name, one.Value)))
            .Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}");

        using var request = new HttpRequestMessage(operation.Method, $"{path}?{string.Join('&', query)}");
        if (extra.Name.Length > 0) request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        var body = await BodyAsync(operation, own, asked);
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await ours.Http.SendAsync(request, ContractHost.Cancel);
        var text = await answer.Content.ReadAsStringAsync(ContractHost.Cancel);
        var headers = string.Join("; ", answer.Headers.Concat(answer.Content.Headers)
            .Where(header => !s_perRequest.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .OrderBy(header => header.Key, StringComparer.Ordinal)
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}"));

        var whole = $"{(int)answer.StatusCode} {headers} {text}";
        foreach (var mark in _marks.Where(mark => !asked.ContainsValue(mark) && !IsOwnRecord(operation) && Holds(whole, mark)))
            Faults.Add($"{operation}, {string.Join(" + ", asked.Keys)}: the answer holds '{mark}' of another workspace.\n    {whole}");
        foreach (var (place, id) in asked) whole = whole.Replace(id, $"<{place.Kind}>", StringComparison.OrdinalIgnoreCase);
        return new Answer(Alike(whole), answer.IsSuccessStatusCode);
    }

    private async Task<string?> BodyAsync(Operation operation, Target own, Dictionary<Place, string> asked)
    {
        if (operation.Path == "/uploads/{token}" || await _seeds.BodyAsync(operation, own) is not { } body) return null;
        foreach (var (place, id) in asked.Where(one => one.Key.In == "body"))
        {
            // Only there does the field mean anything.
            if (place.Kind == "integration_id" && body.ContainsKey("source"))
            {
                body["source"] = "github";
                body["source_config"] = new JsonObject { ["repo_url"] = "https://github.com/team/agent" };
                body["source_revision_config"] = new JsonObject { ["repo_ref"] = "main", ["langgraph_config_path"] = "langgraph.json" };
            }

            if (place.Kind == "source_tarball_path")
            {
                if (body.ContainsKey("source")) body["source"] = "internal_source";
                body["source_revision_config"] = new JsonObject { ["langgraph_config_path"] = "langgraph.json" };
            }

            var steps = place.Name.Split('.');
            var at = body;
            foreach (var step in steps.SkipLast(1))
            {
                if (at[step] is not JsonObject) at[step] = new JsonObject();
                at = at[step]!.AsObject();
            }

            at[steps[^1]] = place.Name.EndsWith("_ids", StringComparison.Ordinal) ? new JsonArray(id)
                : place.Kind == "installation_id" ? int.Parse(id)
                : id;
        }

        return body.ToJsonString();
    }

    /// <summary>Repeats what its readers asked for.</summary>
    private static bool IsOwnRecord(Operation operation) => operation.Path == "/v2/access/audit-log";

    /// <summary><c>app-2</c> is not in <c>app-24</c>.</summary>
    private static bool Holds(string text, string mark) => Regex.IsMatch(text, $"(?<![0-9A-Za-z]){Regex.Escape(mark)}(?![0-9])", RegexOptions.IgnoreCase);

    /// <summary>Without what differs between any two answers: ids and times of things just made, numbered words, secrets.</summary>
    private static string Alike(string text) => Numbered().Replace(Time().Replace(Random().Replace(text, "<id>"), "<time>"), "-#");

    [GeneratedRegex("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[A-Za-z0-9_-]{32,}|lsv2_[a-z0-9_]+")]
    private static partial Regex Random();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)")]
    private static partial Regex Time();

    [GeneratedRegex(@"(?<=[a-z])-\d+")]
    private static partial Regex Numbered();

    private sealed record Answer(string Text, bool IsTaken);

    private sealed record Extra(string Name, string Value)
    {
        public static Extra None { get; } = new("", "");

        public override string ToString() => Name.Length == 0 ? "" : $", {Name}: {Value}";
    }
}
