using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts.Integrations;
using Pilothouse.Contracts.Listeners;
using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class ListenersAndIntegrationsTests
{
    private static readonly Guid s_id = Guid.NewGuid();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listeners_are_made_read_changed_and_deleted()
    {
        var bodies = new ConcurrentQueue<string>();
        await using var server = await StubServer.StartAsync(async (context, _) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            bodies.Enqueue(await reader.ReadToEndAsync(Cancel));
            if (context.Request.Method == "DELETE") context.Response.StatusCode = 204;
            else await StubServer.SayAsync(context, context.Request.Method == "POST" ? 201 : 200, ListenerBody(s_id));
        });
        using var client = server.Client();

        var made = await client.CreateListenerAsync(
            new ListenerCreate { ComputeType = "k8s", ComputeId = "prod", ComputeConfig = new ListenerComputeConfig { K8sNamespaces = ["a", "b"] } }, Cancel);
        var read = await client.GetListenerAsync(s_id, Cancel);
        var patched = await client.PatchListenerAsync(s_id, new ListenerPatch { Version = "2" }, Cancel);
        await client.DeleteListenerAsync(s_id, Cancel);

        Assert.Equal((s_id, "prod", "k8s"), (made.Id, made.ComputeId, made.ComputeType));
        Assert.Equal(["a", "b"], made.ComputeConfig.K8sNamespaces!);
        Assert.Equal((made.CreatedAt, made.CreatedAt), (read.CreatedAt, patched.CreatedAt));
        Assert.Equal(["POST /v2/listeners", $"GET /v2/listeners/{s_id}", $"PATCH /v2/listeners/{s_id}", $"DELETE /v2/listeners/{s_id}"], server.Requests);
        Assert.Equal(
            ["""{"version":null,"compute_type":"k8s","compute_id":"prod","compute_config":{"k8s_namespaces":["a","b"]}}""", "", """{"version":"2","compute_config":null}""", ""],
            bodies);
    }

    [Fact]
    public async Task Listeners_come_from_all_pages_once()
    {
        var ids = Enumerable.Range(0, 101).Select(_ => Guid.NewGuid()).ToList();
        await using var server = await StubServer.StartAsync((context, number) => StubServer.SayAsync(
            context, 200, $$"""{"resources":[{{string.Join(',', (number == 1 ? ids.Take(100) : ids.Skip(99)).Select(ListenerBody))}}],"offset":0}"""));
        using var client = server.Client();

        var listed = await client.ListListenersAsync(Cancel).Select(listener => listener.Id).ToListAsync(Cancel);

        Assert.Equal(ids, listed);
        Assert.Equal(["GET /v2/listeners?limit=100&offset=0", "GET /v2/listeners?limit=100&offset=100"], server.Requests);
    }

    [Fact]
    public async Task Integrations_and_repositories_come_from_all_pages()
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 200, Page(context.Request)));
        using var client = server.Client();

        var integrations = await client.ListGitHubIntegrationsAsync(Cancel).ToListAsync(Cancel);
        var forge = await client.ListForgeGitHubIntegrationsAsync(Cancel).ToListAsync(Cancel);
        var repositories = await client.ListGitHubRepositoriesAsync(s_id, Cancel).ToListAsync(Cancel);
        await client.ListForgeGitHubRepositoriesAsync(s_id, Cancel).ToListAsync(Cancel);

        Assert.Equal([new GitHubIntegration(s_id, 1, "acme"), new GitHubIntegration(s_id, 2, "acme")], integrations);
        Assert.Equal(new ForgeGitHubIntegration(s_id, 1, "acme", "all", null), forge[0]);
        Assert.Equal([1, 2], repositories.Select(repository => repository.Id));
        Assert.Equal(
            [
                "GET /v2/integrations/github/installations?page_size=100",
                "GET /v2/integrations/github/installations?page_size=100&cursor=a%2Fb",
                "GET /v2/integrations/forge-github/installations?page_size=100",
                "GET /v2/integrations/forge-github/installations?page_size=100&cursor=a%2Fb",
                $"GET /v2/integrations/github/installations/{s_id}/repositories?page_size=100",
                $"GET /v2/integrations/github/installations/{s_id}/repositories?page_size=100&cursor=a%2Fb",
                $"GET /v2/integrations/forge-github/installations/{s_id}/repositories?page_size=100",
                $"GET /v2/integrations/forge-github/installations/{s_id}/repositories?page_size=100&cursor=a%2Fb",
            ],
            server.Requests);
    }

    [Fact]
    public async Task Accounts_are_connected_by_link_and_choice()
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 200, context.Request switch
        {
            { Path.Value: "/v2/integrations/github/installation-link" } => """{"install_url":"https://g/i","oauth_reuse_url":"https://g/o"}""",
            { Path.Value: "/v2/integrations/forge-github/installation-link" } => """{"install_url":"https://g/o"}""",
            { Method: "GET" } => """{"installs":[{"installation_id":7,"account_login":"acme","account_type":"User","already_in_org":true}],"return_to":null}""",
            _ => """{"redirect_url":"https://home"}""",
        }));
        using var client = server.Client();

        Assert.Equal(new InstallationLink("https://g/i", "https://g/o"), await client.CreateInstallationLinkAsync(Cancel));
        Assert.Equal("https://g/o", (await client.CreateForgeInstallationLinkAsync("https://home", Cancel)).InstallUrl);
        Assert.Equal(new PickerInstallation(7, "acme", "User", AlreadyInOrg: true), Assert.Single((await client.GetPickerSessionAsync("a/b", Cancel)).Installs));
        Assert.Equal("https://home", (await client.SelectInstallationAsync("a", new PickerSelection(PickerActions.Attach, 7), Cancel)).RedirectUrl);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task Refusal_of_a_listener_is_told_as_it_came()
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 409, """{"detail":"taken"}"""));
        using var client = server.Client();

        var refused = await Assert.ThrowsAsync<ApiException>(() => client.CreateListenerAsync(
            new ListenerCreate { ComputeType = "k8s", ComputeId = "prod", ComputeConfig = new ListenerComputeConfig() }, Cancel));

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("taken", refused.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    private static string Page(HttpRequest request)
    {
        var (number, next) = request.Query.ContainsKey("cursor") ? (2, "null") : (1, "\"a/b\"");
        var item = request.Path.Value!.EndsWith("/repositories", StringComparison.Ordinal)
            ? $$"""{"host_integration_id":"{{s_id}}","id":{{number}},"name":"r","owner":"acme","url":"https://g/r","default_branch":"main"}"""
            : $$"""{"id":"{{s_id}}","installation_id":{{number}},"name":"acme","repository_selection":"all","settings_url":null}""";
        return $$"""{"items":[{{item}}],"next_cursor":{{next}}}""";
    }

    private static string ListenerBody(Guid id) =>
        $$"""{"id":"{{id}}","compute_type":"k8s","compute_id":"prod","compute_config":{"k8s_namespaces":["a","b"]},"version":null,"created_at":"2026-11-25T00:00:00Z","updated_at":"2026-11-25T00:00:00Z"}""";
}
