using System.Net;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

/// <summary>One host for the tests of a class, and its people and keys, made through the API alone.</summary>
public sealed class AccessFixture : IAsyncLifetime
{
    internal ControlHost Host { get; private set; } = null!;

    /// <summary>The first key: administrator of the organization, in the first workspace.</summary>
    internal Api Root { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await ControlHost.StartAsync();
        Root = As(Host.NewKey!, await Host.WorkspaceAsync());
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal Api As(string key, WorkspaceId workspace) => new(Host, Host.Client(key), workspace);

    internal async Task<WorkspaceId> WorkspaceAsync() => new(Guid.Parse((await Root.PostAsync(
        "/v2/access/workspaces", $$"""{"name":"w-{{Guid.NewGuid():N}}"}""")).Expect(HttpStatusCode.Created).Id));

    /// <summary>A service key, and a caller with it.</summary>
    internal async Task<(Api Api, Reply Made)> KeyAsync(Api maker, WorkspaceId workspace, string role, string more = "")
    {
        var made = await maker.PostAsync("/v2/access/keys", $$"""{"name":"k","role":"{{role}}","workspace_id":"{{workspace}}"{{more}}}""");
        return (As(made.Expect(HttpStatusCode.Created).Text_("key")!, workspace), made);
    }

    /// <summary>A new workspace, and the key of a role in it.</summary>
    internal async Task<Api> InNewAsync(string role = "admin") => (await KeyAsync(Root, await WorkspaceAsync(), role)).Api;

    internal async Task<string> UserAsync(string organizationRole = "member") => (await Root.PostAsync(
        "/v2/access/users", $$"""{"email":"u{{Guid.NewGuid():N}}@corp.example","name":"U","organization_role":"{{organizationRole}}"}""")).Expect(HttpStatusCode.Created).Id;

    /// <summary>A personal key without a workspace of its own.</summary>
    internal async Task<string> PersonalKeyAsync(string user) =>
        (await Root.PostAsync($"/v2/access/users/{user}/keys", """{"name":"laptop"}""")).Expect(HttpStatusCode.Created).Text_("key")!;

    internal Task<Reply> JoinAsync(Api manager, string user, string role) =>
        manager.SendAsync(HttpMethod.Put, $"/v2/access/members/{user}", $$"""{"role":"{{role}}"}""");

    /// <summary>A role of that many permissions.</summary>
    internal async Task<string> RoleAsync(params string[] permissions)
    {
        var name = $"r{Guid.NewGuid():N}"[..12];
        var quoted = string.Join(',', permissions.Select(one => $"\"{one}\""));
        (await Root.PostAsync("/v2/access/roles", $$"""{"name":"{{name}}","permissions":[{{quoted}}]}""")).Expect(HttpStatusCode.Created);
        return name;
    }
}
