using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Tracing;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary><c>delete_tracing_project</c>: recorded by the request, done by a loop once the deployment is gone.</summary>
public sealed class TracingDeletionTests
{
    [Fact]
    public async Task Project_goes_after_its_deployment_and_no_other_project_does()
    {
        await using var tracing = await TracingStandIn.StartAsync("app", "app-2");
        await using var host = await StartAsync(tracing);
        var api = await Api.InNewWorkspaceAsync(host);
        var id = await api.CreateAsync();

        (await api.DeleteAsync($"/v2/deployments/{id}?delete_tracing_project=true")).Expect(HttpStatusCode.NoContent);
        (await api.DeleteAsync($"/v2/deployments/{id}?delete_tracing_project=true")).Expect(HttpStatusCode.NoContent);
        var early = await ReconcileAsync(host, id);
        var whileThere = tracing.Names;
        (await api.DeleteAsync($"/v2/deployments/{id}?force=true")).Expect(HttpStatusCode.NoContent);
        var late = await ReconcileAsync(host, id);

        Assert.IsType<Reconciled.Again>(early);
        Assert.Equal(["app", "app-2"], whileThere);
        Assert.IsType<Reconciled.Settled>(late);
        Assert.Equal(["app-2"], tracing.Names);
        Assert.Equal(0, await WaitingAsync(host));
    }

    [Fact]
    public async Task Without_the_parameter_it_stays()
    {
        await using var tracing = await TracingStandIn.StartAsync("app");
        await using var host = await StartAsync(tracing);
        var api = await Api.InNewWorkspaceAsync(host);
        var id = await api.CreateAsync();

        (await api.DeleteAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(0, await WaitingAsync(host));
    }

    [Fact]
    public async Task Api_that_fails_is_asked_again_and_nothing_is_forgotten()
    {
        await using var tracing = await TracingStandIn.StartAsync("app");
        await using var host = await StartAsync(tracing);
        var api = await Api.InNewWorkspaceAsync(host);
        var id = await DeletedAsync(api);
        tracing.Answers = 503;

        await Assert.ThrowsAsync<TracingUnavailableException>(() => ReconcileAsync(host, id));
        var waiting = await WaitingAsync(host);
        tracing.Answers = null;
        await ReconcileAsync(host, id);

        Assert.Equal(1, waiting);
        Assert.Empty(tracing.Names);
        Assert.Equal(0, await WaitingAsync(host));
    }

    [Fact]
    public async Task Project_that_another_deployment_writes_to_stays()
    {
        await using var tracing = await TracingStandIn.StartAsync("app");
        await using var host = await StartAsync(tracing);
        var id = await DeletedAsync(await Api.InNewWorkspaceAsync(host));
        await (await Api.InNewWorkspaceAsync(host)).CreateAsync();

        await ReconcileAsync(host, id);

        Assert.Equal(["app"], tracing.Names);
        Assert.Equal(0, await WaitingAsync(host));
    }

    [Fact]
    public async Task Project_that_is_gone_already_is_done()
    {
        await using var tracing = await TracingStandIn.StartAsync();
        await using var host = await StartAsync(tracing);
        var id = await DeletedAsync(await Api.InNewWorkspaceAsync(host));

        await ReconcileAsync(host, id);

        Assert.Equal(0, await WaitingAsync(host));
    }

    [Fact]
    public async Task Agents_project_is_not_the_deployments_to_delete()
    {
        await using var tracing = await TracingStandIn.StartAsync("support-production");
        await using var host = await StartAsync(tracing);
        var api = await Api.InNewWorkspaceAsync(host);
        var made = await api.PostAsync(
            "/v2/deployments",
            """{"agent":{"agent_id":"support","environment":"production"},"source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[]}""");

        (await api.DeleteAsync($"/v2/deployments/{made.Expect(HttpStatusCode.Created).Id}?delete_tracing_project=true")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(0, await WaitingAsync(host));
    }

    [Fact]
    public async Task Without_an_endpoint_it_is_accepted_and_nothing_is_to_delete()
    {
        await using var host = await ControlHost.StartAsync();
        var api = await Api.InNewWorkspaceAsync(host);
        var id = await api.CreateAsync();

        (await api.DeleteAsync($"/v2/deployments/{id}?delete_tracing_project=true")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(0, await WaitingAsync(host));
    }

    /// <summary>Its loop's own timer is far away; the tests take its passes.</summary>
    private static Task<ControlHost> StartAsync(TracingStandIn tracing) => ControlHost.StartAsync(
        new Dictionary<string, string?> { ["Tracing:Endpoint"] = $"{tracing.Address}api/", ["Reconciling:Resync"] = "00:10:00" },
        services: services =>
        {
            var own = services.Single(service => service.ImplementationType == typeof(TracingDeletionService));
            services.Remove(own);
        });

    private static async Task<string> DeletedAsync(Api api)
    {
        var id = await api.CreateAsync();
        (await api.DeleteAsync($"/v2/deployments/{id}?delete_tracing_project=true")).Expect(HttpStatusCode.NoContent);
        (await api.DeleteAsync($"/v2/deployments/{id}?force=true")).Expect(HttpStatusCode.NoContent);
        return id;
    }

    private static Task<Reconciled> ReconcileAsync(ControlHost host, string deployment) => host.Services
        .GetRequiredService<TracingDeletionReconciler>().ReconcileAsync(new DeploymentId(Guid.Parse(deployment)), ControlHost.Cancel);

    private static Task<int> WaitingAsync(ControlHost host) => host.WithDbAsync(db => db.TracingDeletions.CountAsync(ControlHost.Cancel));
}

/// <summary>The two calls of LangSmith's API, whose look-up by name also finds longer names.</summary>
internal sealed class TracingStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<Guid, string> _projects = new();

    private TracingStandIn(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public IEnumerable<string> Names => [.. _projects.Values.Order(StringComparer.Ordinal)];

    /// <summary>A status that it answers whatever is asked.</summary>
    public int? Answers { get; set; }

    public static async Task<TracingStandIn> StartAsync(params string[] names)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var made = new TracingStandIn(builder.Build());
        foreach (var name in names) made._projects[Guid.NewGuid()] = name;
        made._app.MapGet("/api/sessions", made.Find);
        made._app.MapDelete("/api/sessions/{id:guid}", made.Delete);
        await made._app.StartAsync(ControlHost.Cancel);
        made.Address = new Uri(made._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return made;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Find(string name) => Answers is { } status
        ? TypedResults.StatusCode(status)
        : TypedResults.Text(
            $"[{string.Join(',', _projects.Where(one => one.Value.StartsWith(name, StringComparison.Ordinal)).OrderByDescending(one => one.Value, StringComparer.Ordinal).Select(one => $$"""{"id":"{{one.Key}}","name":"{{one.Value}}"}"""))}]",
            "application/json");

    private IResult Delete(Guid id)
    {
        if (Answers is { } status) return TypedResults.StatusCode(status);
        return _projects.TryRemove(id, out _) ? TypedResults.StatusCode(202) : TypedResults.NotFound();
    }
}
