using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Errors;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Cli.Tests;

/// <summary>Deployments, revisions, uploads and logs in memory, over real HTTP.</summary>
internal sealed partial class FakeControlPlane : IAsyncDisposable
{
    public const string Key = "lsv2_fake";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, byte[]> _uploads = new();

    private FakeControlPlane(WebApplication app) => _app = app;

    public List<Deployment> Deployments { get; } = [];

    public ConcurrentDictionary<Guid, List<Revision>> Revisions { get; } = new();

    public List<DeploymentPatch> Patches { get; } = [];

    public List<LogQuery> Queries { get; } = [];

    public ConcurrentQueue<LogEntry> BuildLog { get; } = new();

    public ConcurrentQueue<LogEntry> DeployLog { get; } = new();

    /// <summary>What a new revision goes through, one step a look.</summary>
    public IReadOnlyList<string> Steps { get; set; } = ["QUEUED", "BUILDING", "DEPLOYING", "DEPLOYED"];

    /// <summary>Called with the status that a look is about to be answered with.</summary>
    public Action<string> Looked { get; set; } = _ => { };

    /// <summary>Called with each request before it is answered; one that is not to be answered is cut off.</summary>
    public Func<HttpContext, bool> Answers { get; set; } = _ => true;

    /// <summary>Where uploads are to go; null: here.</summary>
    public string? UploadsAt { get; set; }

    public string Url => _app.Urls.Single();

    public byte[] Uploaded => _uploads.Values.Single();

    public static async Task<FakeControlPlane> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var fake = new FakeControlPlane(builder.Build());
        fake.Map();
        await fake._app.StartAsync();
        return fake;
    }

    public Deployment Add(string name)
    {
        var id = Guid.NewGuid();
        var deployment = new Deployment
        {
            Id = id,
            TenantId = Guid.NewGuid(),
            Name = name,
            Source = "internal_source",
            SourceConfig = new SourceConfig { CustomUrl = $"http://agents/{name}" },
            SourceRevisionConfig = new SourceRevisionConfig(),
            Secrets = [],
            CreatedAt = default,
            UpdatedAt = default,
            Status = "READY",
        };
        Deployments.Add(deployment);
        Revisions[id] = [];
        return deployment;
    }

    public Revision AddRevision(Guid deployment, string status)
    {
        var revision = new Revision
        {
            Id = Guid.NewGuid(),
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = default,
            Status = status,
            Source = "internal_source",
            SourceRevisionConfig = new SourceRevisionConfig(),
        };
        Revisions[deployment].Insert(0, revision);
        var at = Deployments.FindIndex(one => one.Id == deployment);
        Deployments[at] = Deployments[at] with { LatestRevisionId = revision.Id, ActiveRevisionId = status is "DEPLOYED" ? revision.Id : Deployments[at].ActiveRevisionId };
        return revision;
    }

    public static LogEntry Line(string message, int at = 0, string level = "INFO") => new(Guid.NewGuid().ToString("N"), 1_700_000_000_000 + at, level, message);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Map()
    {
        _app.Use((context, next) =>
        {
            if (Answers(context)) return next(context);
            context.Abort();
            return Task.CompletedTask;
        });
        _app.Use((context, next) => context.Request.Path.StartsWithSegments("/up") || context.Request.Headers["X-Api-Key"] == Key
            ? next(context)
            : RefuseAsync(context, 403, "Invalid API key"));
        _app.MapGet("/v2/deployments", context =>
        {
            string? name = context.Request.Query["name"], part = context.Request.Query["name_contains"], agent = context.Request.Query["agent_id"];
            if (agent is not null) name = $"{agent}-{context.Request.Query["agent_environment"]}";
            return SayAsync(context, new DeploymentsList(
                [.. Deployments.Where(one => name is null ? one.Name.Contains(part ?? "", StringComparison.Ordinal) : one.Name == name)], 0), ApiJson.Default.DeploymentsList);
        });
        _app.MapPost("/v2/deployments", async context =>
        {
            var body = (await context.Request.ReadFromJsonAsync(ApiJson.Default.DeploymentCreate))!;
            await SayAsync(context, Add(body.Name ?? $"{body.Agent!.AgentId}-{body.Agent.Environment}"), ApiJson.Default.Deployment, 201);
        });
        _app.MapGet("/v2/deployments/{id:guid}", context => Find(context) is { } one ? SayAsync(context, one, ApiJson.Default.Deployment) : RefuseAsync(context, 404, "Deployment not found"));
        _app.MapDelete("/v2/deployments/{id:guid}", context =>
        {
            Deployments.Remove(Find(context)!);
            return SayAsync(context, new object(), null!, 204);
        });
        _app.MapPatch("/v2/deployments/{id:guid}", async context =>
        {
            Patches.Add((await context.Request.ReadFromJsonAsync(ApiJson.Default.DeploymentPatch))!);
            AddRevision(Find(context)!.Id, Steps[0]);
            await SayAsync(context, Find(context)!, ApiJson.Default.Deployment);
        });
        _app.MapPost("/v2/deployments/{id:guid}/upload-url", context =>
            SayAsync(context, new UploadUrl($"{UploadsAt ?? Url}/up/1", "objects/1", new Dictionary<string, string>()), ApiJson.Default.UploadUrl));
        _app.MapPut("/up/1", async context =>
        {
            var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes);
            _uploads["1"] = bytes.ToArray();
        });
        _app.MapGet("/v2/deployments/{id:guid}/revisions", context => SayAsync(
            context, new RevisionsList([.. Revisions[Find(context)!.Id].Take(int.Parse(context.Request.Query["limit"].Single()!))], 0), ApiJson.Default.RevisionsList));
        _app.MapGet("/v2/deployments/{id:guid}/revisions/{revision:guid}", context =>
        {
            var all = Revisions[Find(context)!.Id];
            var at = all.FindIndex(one => one.Id == Guid.Parse((string)context.Request.RouteValues["revision"]!));
            var shown = all[at];
            Looked(shown.Status);
            all[at] = shown with { Status = Steps[Math.Min(Steps.Count - 1, Steps.ToList().IndexOf(shown.Status) + 1)] };
            return SayAsync(context, shown, ApiJson.Default.Revision);
        });
        _app.MapPost("/v1/projects/{id:guid}/revisions/{revision:guid}/build_logs", context => LogsAsync(context, BuildLog));
        _app.MapPost("/v1/projects/{id:guid}/revisions/{revision:guid}/deploy_logs", context => LogsAsync(context, DeployLog));
        MapWayBack();
        _app.MapPost("/v1/projects/{id:guid}/deploy_logs", context => LogsAsync(context, DeployLog));
    }

    private async Task LogsAsync(HttpContext context, ConcurrentQueue<LogEntry> log)
    {
        var query = (await context.Request.ReadFromJsonAsync(ApiJson.Default.LogQuery))!;
        lock (Queries) Queries.Add(query);
        var all = log.ToList();
        if (query.StartTime is { } start) all.RemoveAll(entry => entry.Timestamp < DateTimeOffset.Parse(start).ToUnixTimeMilliseconds());
        if (query.Order == "desc") all.Reverse();
        var skipped = int.Parse(query.Offset ?? "0");
        var page = all.Skip(skipped).Take(query.Limit ?? 50).ToList();
        await SayAsync(context, new LogPage(page, page.Count > 0 ? $"{skipped + page.Count}" : null), ApiJson.Default.LogPage);
    }

    private Deployment? Find(HttpContext context) => Deployments.Find(one => one.Id == Guid.Parse((string)context.Request.RouteValues["id"]!));

    private static Task RefuseAsync(HttpContext context, int status, string detail) => SayAsync(context, new ApiError(detail), ApiJson.Default.ApiError, status);

    private static Task SayAsync<T>(HttpContext context, T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, int status = 200)
    {
        context.Response.StatusCode = status;
        if (status == 204) return Task.CompletedTask;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(body, type));
    }
}
