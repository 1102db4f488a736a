using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary>One host for the tests of a class; each test takes a workspace of its own in it.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    internal ControlHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await ControlHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal Task<Api> NewAsync(string role = Roles.Admin) => Api.InNewWorkspaceAsync(Host, role);
}

internal sealed record Reply(HttpStatusCode Status, string Text, HttpResponseHeaders Headers)
{
    public JsonElement Body { get; } = Parse(Text);

    /// <summary>The text of a refusal.</summary>
    public string Detail => Body.GetProperty("detail").GetString()!;

    public string Id => Body.GetProperty("id").GetString()!;

    /// <summary>Faults of shape as <c>type body.field</c>.</summary>
    public IEnumerable<string> Faults => Body.GetProperty("detail").EnumerateArray().Select(
        fault => $"{fault.GetProperty("type").GetString()} {string.Join('.', fault.GetProperty("loc").EnumerateArray())}");

    public Reply Expect(HttpStatusCode status)
    {
        if (Status != status) Assert.Fail($"{(int)Status} instead of {(int)status}: {Text}");
        return this;
    }

    public string? Text_(params string[] path)
    {
        var at = Body;
        foreach (var name in path) at = at.GetProperty(name);
        return at.ValueKind == JsonValueKind.Null ? null : at.ToString();
    }

    private static JsonElement Parse(string text)
    {
        if (text.Length == 0) return default;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}

/// <summary>A caller of the API in one workspace.</summary>
internal sealed class Api(ControlHost host, HttpClient client, WorkspaceId workspace)
{
    public ControlHost Host => host;

    public WorkspaceId Workspace => workspace;

    public static async Task<Api> InNewWorkspaceAsync(ControlHost host, string role = Roles.Admin)
    {
        var workspace = WorkspaceId.New();
        await host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ControlHost.Cancel);
            var key = await host.Services.GetRequiredService<DataKeys>().NewAsync(db, workspace, ControlHost.Cancel);
            db.Workspaces.Add(new WorkspaceRow
            {
                Id = workspace.Value,
                OrganizationId = await db.Organizations.Select(row => row.Id).FirstAsync(ControlHost.Cancel),
                Name = "of a test",
                WrappedDataKey = key.Wrapped,
                MasterKeyVersion = key.Version,
            });
            await db.SaveChangesAsync(ControlHost.Cancel);
            await transaction.CommitAsync(ControlHost.Cancel);
            return 0;
        });
        return new Api(host, host.Client(await host.AddKeyAsync(workspace.Value, role)), workspace);
    }

    /// <summary>Another caller in the same workspace.</summary>
    public async Task<Api> AsAsync(string role) => new(host, host.Client(await host.AddKeyAsync(workspace.Value, role)), workspace);

    public HttpClient Client => client;

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public Task<Reply> PostAsync(string path, string? json = null) => SendAsync(HttpMethod.Post, path, json);

    public Task<Reply> PatchAsync(string deployment, string json) => SendAsync(HttpMethod.Patch, $"/v2/deployments/{deployment}", json);

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? json = null, params IEnumerable<(string Name, string Value)> headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, ControlHost.Cancel);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(ControlHost.Cancel), response.Headers);
    }

    /// <summary>As the official client creates one: empty, and of an internal source.</summary>
    public async Task<string> CreateAsync(string name = "app", string source = "internal_source", string type = "dev_zero", string secrets = "[]") =>
        (await PostAsync("/v2/deployments", Bodies.Internal(name, source, type, secrets))).Expect(HttpStatusCode.Created).Id;

    /// <summary>From an image, and thereby with revision 1.</summary>
    public async Task<Reply> CreateExternalAsync(string name = "app", string sourceConfig = "{}", string secrets = "[]", string image = Bodies.Image) =>
        (await PostAsync("/v2/deployments", Bodies.External(name, sourceConfig, secrets, image))).Expect(HttpStatusCode.Created);

    /// <summary>What PUTting an archive to an upload URL leaves in the store.</summary>
    public async Task<string> AddUploadAsync(string deployment, bool isStored = true, WorkspaceId? of = null)
    {
        var row = new UploadRow
        {
            ObjectPath = $"uploads/{of ?? workspace}/{deployment}/{Guid.NewGuid():N}.tar.gz",
            WorkspaceId = (of ?? workspace).Value,
            DeploymentId = Guid.Parse(deployment),
            TokenHash = Guid.NewGuid().ToByteArray(),
            StoredAt = isStored ? TimeProvider.System.GetUtcNow() : null,
        };
        await host.WithDbAsync(db =>
        {
            db.Uploads.Add(row);
            return db.SaveChangesAsync(ControlHost.Cancel);
        });
        return row.ObjectPath;
    }

    /// <summary>The PATCH that brings new source from a fresh upload; answers the deployment.</summary>
    public async Task<Reply> PushAsync(string deployment, string secrets = "[]") => (await PatchAsync(
        deployment, Bodies.Push(await AddUploadAsync(deployment), secrets))).Expect(HttpStatusCode.OK);

    public async Task<IReadOnlyList<JsonElement>> RevisionsAsync(string deployment) =>
        [.. (await GetAsync($"/v2/deployments/{deployment}/revisions?limit=100")).Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray()];

    public Task<RevisionRow> RevisionRowAsync(string revision) =>
        host.WithDbAsync(db => db.Revisions.AsNoTracking().SingleAsync(row => row.Id == Guid.Parse(revision), ControlHost.Cancel));

    public Task<DeploymentRow> RowAsync(string deployment) =>
        host.WithDbAsync(db => db.Deployments.AsNoTracking().SingleAsync(row => row.Id == Guid.Parse(deployment), ControlHost.Cancel));

    public async Task<IReadOnlyDictionary<string, string>> SecretsOfAsync(byte[] sealedValues) =>
        await host.Services.GetRequiredService<SecretVault>().OpenAsync(workspace, sealedValues, ControlHost.Cancel);

    public Task<List<EventRow>> EventsAsync(string deployment) => host.WithDbAsync(
        db => db.Events.AsNoTracking().Where(row => row.DeploymentId == Guid.Parse(deployment)).ToListAsync(ControlHost.Cancel));

    /// <summary>What the loops do to a revision, in one word.</summary>
    public Task SetStatusAsync(string revision, RevisionStatus status) => host.WithDbAsync(db => db.Revisions
        .Where(row => row.Id == Guid.Parse(revision))
        .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, status), ControlHost.Cancel));

    /// <summary>Changes the stored row as no request can.</summary>
    public Task ChangeAsync(string deployment, Action<DeploymentRow> change) => host.WithDbAsync(async db =>
    {
        change(await db.Deployments.SingleAsync(row => row.Id == Guid.Parse(deployment), ControlHost.Cancel));
        return await db.SaveChangesAsync(ControlHost.Cancel);
    });
}

/// <summary>Bodies as the clients send them.</summary>
internal static class Bodies
{
    public const string Image = "registry.corp:5000/team/agent:1.0";

    public static string Internal(string name, string source = "internal_source", string type = "dev_zero", string secrets = "[]") =>
        $$"""{"name":"{{name}}","source":"{{source}}","source_config":{"deployment_type":"{{type}}"},"source_revision_config":{},"secrets":{{secrets}}}""";

    public static string External(string name, string sourceConfig = "{}", string secrets = "[]", string image = Image) =>
        $$"""{"name":"{{name}}","source":"external_docker","source_config":{{sourceConfig}},"source_revision_config":{"image_uri":"{{image}}"},"secrets":{{secrets}}}""";

    public static string Push(string tarball, string secrets = "[]", string configPath = "langgraph.json", string sourceConfig = "null") =>
        $$$"""{"revision_source":"internal_source","source_config":{{{sourceConfig}}},"source_revision_config":{"source_tarball_path":"{{{tarball}}}","langgraph_config_path":"{{{configPath}}}"},"secrets":{{{secrets}}}}""";
}
