using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Web;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Contract.Tests.World;
using Pilothouse.Control.Access;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.EndToEnd.World;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>One workspace, an administrator's key of it, and what is in it.</summary>
public sealed class Tenant(ContractHost host, Guid organization, Guid workspace, string key, bool isOrganizationAdmin) : IDisposable
{
    public const long Installation = 4711;

    public Guid Organization { get; } = organization;

    public Guid Workspace { get; } = workspace;

    public string Key { get; } = key;

    public HttpClient Http { get; } = host.Client(key);

    /// <summary>An id of each kind of thing, as <see cref="Unknown"/> makes one that nothing has.</summary>
    public Dictionary<string, string> Ids { get; private set; } = [];

    /// <param name="organization">Null: a new one, whose administrator the key's holder is, too.</param>
    public static async Task<Tenant> NewAsync(ContractHost host, Guid? organization = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var workspace = WorkspaceId.New();
        var owner = organization ?? OrganizationId.New().Value;
        var key = ApiKeyText.New();
        await using var db = await host.DbAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var wrapped = await host.Services.GetRequiredService<DataKeys>().NewAsync(db, workspace, CancellationToken.None);
        if (organization is null) db.Organizations.Add(new OrganizationRow { Id = owner, Name = GoodValues.Word("organization"), CreatedAt = now });
        db.Workspaces.Add(new WorkspaceRow
        {
            Id = workspace.Value,
            OrganizationId = owner,
            Name = GoodValues.Word("workspace"),
            WrappedDataKey = wrapped.Wrapped,
            MasterKeyVersion = wrapped.Version,
            CreatedAt = now,
        });
        db.ApiKeys.Add(new ApiKeyRow
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = owner,
            WorkspaceId = workspace.Value,
            Name = GoodValues.Word("key"),
            Hash = ApiKeyText.Hash(key),
            Prefix = ApiKeyText.Shown(key),
            Role = Roles.Admin,
            IsOrganizationAdmin = organization is null,
            CreatedAt = now,
        });
        await db.SaveChangesAsync(ContractHost.Cancel);
        await transaction.CommitAsync();
        return new Tenant(host, owner, workspace.Value, key, organization is null);
    }

    /// <summary>Makes one of everything, through the API where it can be had there.</summary>
    public async Task FillAsync(ContractFile file)
    {
        var seeds = new Seeds(Http, new GoodValues(file));
        var everything = new Dictionary<string, string> { ["workspace_id"] = Workspace.ToString() };
        foreach (var kind in (string[])["deployment_id", "revision_id", "tagging_id", "listener_id", "token_id", "connection_id", "key_id"])
            everything[kind] = await seeds.IdAsync(everything, kind);
        everything["project_id"] = everything["deployment_id"];
        if (isOrganizationAdmin) await MemberAsync(seeds, everything);

        var consent = await SentAsync("/v2/auth/authenticate", new JsonObject
        {
            ["provider"] = everything["provider_id"],
            ["scopes"] = new JsonArray("other"),
            ["user_id"] = "somebody",
        });
        everything["auth_id"] = (string)consent["auth_id"]!;
        everything["state"] = HttpUtility.ParseQueryString(new Uri((string)consent["url"]!).Query)["state"]!;
        await UploadAsync(everything);
        await RowsAsync(everything);
        Ids = everything;
    }

    public void Dispose() => Http.Dispose();

    private async Task MemberAsync(Seeds seeds, Dictionary<string, string> everything)
    {
        foreach (var kind in (string[])["user_id", "role_name"]) everything[kind] = await seeds.IdAsync(everything, kind);
        using var member = await Http.PutAsJsonAsync(
            $"/v2/access/members/{everything["user_id"]}", new JsonObject { ["role"] = everything["role_name"] }, ContractHost.Cancel);
        member.EnsureSuccessStatusCode();
    }

    private async Task UploadAsync(Dictionary<string, string> everything)
    {
        var name = GoodValues.Word("app");
        var built = await SentAsync("/v2/deployments", new JsonObject
        {
            ["name"] = name,
            ["source"] = "internal_source",
            ["source_config"] = new JsonObject(),
            ["source_revision_config"] = new JsonObject(),
            ["secrets"] = new JsonArray(),
        });
        everything["name"] = name;
        everything["built_deployment_id"] = (string)built["id"]!;
        var upload = await SentAsync($"/v2/deployments/{built["id"]}/upload-url", new JsonObject());
        using var tarball = new ByteArrayContent(Tarball.OfFiles(new Dictionary<string, string> { ["langgraph.json"] = "{}" }));
        tarball.Headers.ContentType = new MediaTypeHeaderValue("application/gzip");
        using var put = await Http.PutAsync(new Uri((string)upload["upload_url"]!), tarball, ContractHost.Cancel);
        put.EnsureSuccessStatusCode();
        everything["source_tarball_path"] = (string)upload["object_path"]!;
    }

    /// <summary>What comes from outside: GitHub and a running agent.</summary>
    private async Task RowsAsync(Dictionary<string, string> everything)
    {
        var now = TimeProvider.System.GetUtcNow();
        var integration = Guid.CreateVersion7(now);
        everything["integration_id"] = integration.ToString();
        everything["installation_id"] = Installation.ToString();
        everything["session_id"] = Guid.NewGuid().ToString();
        await using var db = await host.DbAsync();
        db.Integrations.Add(new IntegrationRow
        {
            Id = integration,
            WorkspaceId = Workspace,
            Kind = "github",
            InstallationId = Installation,
            AccountName = $"account-{Workspace}",
            CreatedAt = now,
            UpdatedAt = now,
        });
        db.PickerSessions.Add(new PickerSessionRow
        {
            Id = everything["session_id"],
            WorkspaceId = Workspace,
            Installs = "[]",
            CreatedAt = now,
            ExpiresAt = now.AddHours(1),
        });
        db.Logs.Add(new LogRow
        {
            WorkspaceId = Workspace,
            DeploymentId = Guid.Parse(everything["deployment_id"]),
            RevisionId = Guid.Parse(everything["revision_id"]),
            At = now,
            Level = 2,
            Message = $"line-{Workspace}",
        });
        await db.SaveChangesAsync(ContractHost.Cancel);
    }

    private async Task<JsonNode> SentAsync(string path, JsonObject body)
    {
        using var answer = await Http.PostAsJsonAsync(path, body, ContractHost.Cancel);
        var text = await answer.Content.ReadAsStringAsync(ContractHost.Cancel);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new SeedException($"{path}: {(int)answer.StatusCode} {text}");
    }
}
