using System.Runtime.CompilerServices;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Client;

/// <summary>
/// The control plane's API, typed. Every call throws <see cref="ApiException"/> when refused and <see cref="UnreachableException"/> when no answer
/// came. What may be repeated safely is tried again up to three times while the control plane is away: GET always, POST and PATCH once the control
/// plane has said that it honours their <c>Idempotency-Key</c> (<see cref="ApiHeaders.Version"/>). Nothing else ever is: whether that may be is told by
/// <see cref="UnreachableException.IsRefused"/>.
/// </summary>
public sealed partial class PilothouseClient : IDisposable
{
    private const int PageSize = 100;

    private readonly HttpClient _http;
    private readonly HttpClient _uploads;
    private readonly TimeProvider _time;
    private readonly TimeSpan _callLimit;

    public PilothouseClient(ClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _time = time ?? TimeProvider.System;
        Address = options.Address;
        _callLimit = options.CallLimit;
        _http = new HttpClient(ControlPlaneHandler.Create(options.CaFile)) { BaseAddress = new Uri(options.Address.AbsoluteUri.TrimEnd('/') + "/"), Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Add("X-Api-Key", options.ApiKey);
        _http.DefaultRequestHeaders.Add("Accept", "application/json");
        if (options.Workspace is { } workspace) _http.DefaultRequestHeaders.Add("X-Tenant-Id", workspace);

        // No key: the address itself authorises.
        _uploads = new HttpClient(ControlPlaneHandler.Create(options.CaFile)) { Timeout = options.UploadLimit };
    }

    public Uri Address { get; }

    /// <summary>Makes a deployment; 409 when the name is taken.</summary>
    public Task<Deployment> CreateDeploymentAsync(DeploymentCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v2/deployments", wanted, ApiJson.Default.DeploymentCreate, ApiJson.Default.Deployment, cancellationToken);

    public Task<Deployment> GetDeploymentAsync(Guid deployment, CancellationToken cancellationToken = default) =>
        GetAsync($"v2/deployments/{deployment}", ApiJson.Default.Deployment, cancellationToken);

    /// <summary>Null when no deployment of the workspace has exactly this name.</summary>
    public async Task<Deployment?> FindDeploymentAsync(string name, CancellationToken cancellationToken = default)
    {
        var page = await GetAsync(
            $"v2/deployments?limit={PageSize}&name={Uri.EscapeDataString(name)}", ApiJson.Default.DeploymentsList, cancellationToken).ConfigureAwait(false);
        return page.Resources.FirstOrDefault(deployment => string.Equals(deployment.Name, name, StringComparison.Ordinal));
    }

    /// <summary>Null when the agent has no deployment in this environment.</summary>
    public async Task<Deployment?> FindDeploymentAsync(AgentReference agent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(agent);
        var page = await GetAsync(
            $"v2/deployments?limit={PageSize}&agent_id={Uri.EscapeDataString(agent.AgentId)}&agent_environment={Uri.EscapeDataString(agent.Environment)}",
            ApiJson.Default.DeploymentsList, cancellationToken).ConfigureAwait(false);
        return page.Resources.FirstOrDefault(deployment => !deployment.IsPreview);
    }

    /// <summary>All pages, newest first; each deployment once, also when others are made meanwhile.</summary>
    public async IAsyncEnumerable<Deployment> ListDeploymentsAsync(
        string? nameContains = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var seen = new HashSet<Guid>();
        for (var offset = 0; ;)
        {
            var page = await GetAsync(
                $"v2/deployments?limit={PageSize}&offset={offset}&name_contains={Uri.EscapeDataString(nameContains ?? "")}",
                ApiJson.Default.DeploymentsList, cancellationToken).ConfigureAwait(false);
            foreach (var deployment in page.Resources.Where(deployment => seen.Add(deployment.Id))) yield return deployment;
            if (page.Resources.Count < PageSize) yield break;
            offset += page.Resources.Count;
        }
    }

    /// <summary>Changes a deployment; what needs a new revision makes one before this returns.</summary>
    public Task<Deployment> PatchDeploymentAsync(Guid deployment, DeploymentPatch patch, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, $"v2/deployments/{deployment}", patch, ApiJson.Default.DeploymentPatch, ApiJson.Default.Deployment, cancellationToken);

    /// <summary>Returns once the deletion is recorded; it happens afterwards.</summary>
    public Task DeleteDeploymentAsync(Guid deployment, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"v2/deployments/{deployment}", null, null, null, cancellationToken);

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 100.</param>
    public async Task<IReadOnlyList<Revision>> ListRevisionsAsync(Guid deployment, int limit = 20, CancellationToken cancellationToken = default) =>
        (await GetAsync($"v2/deployments/{deployment}/revisions?limit={limit}", ApiJson.Default.RevisionsList, cancellationToken).ConfigureAwait(false)).Resources;

    public Task<Revision> GetRevisionAsync(Guid deployment, Guid revision, CancellationToken cancellationToken = default) =>
        GetAsync($"v2/deployments/{deployment}/revisions/{revision}", ApiJson.Default.Revision, cancellationToken);

    /// <summary>A new revision with that one's configuration: the way back.</summary>
    public Task<Deployment> RedeployAsync(Guid deployment, Guid revision, CancellationToken cancellationToken = default) =>
        SendAsync<object, Deployment>(
            HttpMethod.Post, $"v2/deployments/{deployment}/revisions/{revision}/redeploy", null, null, ApiJson.Default.Deployment, cancellationToken);

    /// <summary>Stops a revision that is not final; 400 when it is.</summary>
    public Task<Revision> InterruptAsync(Guid deployment, Guid revision, CancellationToken cancellationToken = default) =>
        SendAsync<object, Revision>(
            HttpMethod.Post, $"v2/deployments/{deployment}/revisions/{revision}/interrupt", null, null, ApiJson.Default.Revision, cancellationToken);

    /// <summary>Where the source goes: one PUT of at most 200 MiB, within its time.</summary>
    public Task<UploadUrl> CreateUploadUrlAsync(Guid deployment, CancellationToken cancellationToken = default) =>
        SendAsync<object, UploadUrl>(HttpMethod.Post, $"v2/deployments/{deployment}/upload-url", null, null, ApiJson.Default.UploadUrl, cancellationToken);

    /// <summary>Streams a gzip'd tar from its beginning; not repeatable once it was sent, since the address takes one PUT.</summary>
    /// <param name="sent">Bytes so far, called as they go.</param>
    public async Task UploadAsync(UploadUrl to, Stream tarball, Action<long>? sent = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(tarball);
        if (tarball.CanSeek) tarball.Position = 0;
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(to.Url)) { Content = new ProgressContent(tarball, sent) };
        request.Content.Headers.ContentType = new("application/gzip");
        foreach (var (name, value) in to.UploadHeaders)
        {
            if (request.Headers.TryAddWithoutValidation(name, value)) continue;
            request.Content.Headers.Remove(name);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await OnceAsync(_uploads, request, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        await EnsureAcceptedAsync(answer, "PUT", "upload", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lines of a revision's build.</summary>
    public Task<LogPage> BuildLogsAsync(Guid deployment, Guid revision, LogQuery query, CancellationToken cancellationToken = default) =>
        QueryAsync($"v1/projects/{deployment}/revisions/{revision}/build_logs", query, cancellationToken);

    /// <summary>Lines of the agent server.</summary>
    /// <param name="revision">Null: of all revisions.</param>
    public Task<LogPage> DeployLogsAsync(Guid deployment, Guid? revision, LogQuery query, CancellationToken cancellationToken = default) =>
        QueryAsync(revision is { } one ? $"v1/projects/{deployment}/revisions/{one}/deploy_logs" : $"v1/projects/{deployment}/deploy_logs", query, cancellationToken);

    public async Task<IReadOnlyList<RevisionEvent>> ListEventsAsync(Guid deployment, CancellationToken cancellationToken = default) =>
        (await GetAsync($"v2/deployments/{deployment}/events", ApiJson.Default.RevisionEventsList, cancellationToken).ConfigureAwait(false)).Resources;

    public void Dispose()
    {
        _http.Dispose();
        _uploads.Dispose();
    }
}
