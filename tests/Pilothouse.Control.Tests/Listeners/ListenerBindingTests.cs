using System.Net;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>Deployments are bound to a listener and one of its namespaces for life.</summary>
public sealed class ListenerBindingTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A8_11_external_image_needs_a_listener_where_the_workspace_has_some()
    {
        var api = await fixture.NewAsync();
        var before = await api.CreateExternalAsync("before");
        var listener = (await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod"))).Id;

        var refused = await api.PostAsync("/v2/deployments", Bodies.External("open", """{"resource_spec":{}}"""));
        var placed = await CreateAsync(api, "placed", listener);
        var built = await api.PostAsync("/v2/deployments", Bodies.Internal("built"));
        var patched = await api.PatchAsync(before.Id, """{"source_revision_config":{"image_uri":"r.corp/a:2"}}""");
        (await api.DeleteAsync($"/v2/deployments/{placed.Id}")).Expect(HttpStatusCode.NoContent);

        Assert.Contains("listener_id' is required", refused.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.Equal(listener, placed.Expect(HttpStatusCode.Created).Text_("source_config", "listener_id"));

        // What is built here runs here; what ran here goes on.
        built.Expect(HttpStatusCode.Created);
        patched.Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Listener_of_another_workspace_asks_nothing_of_this_one()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        await theirs.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod"));

        (await mine.PostAsync("/v2/deployments", Bodies.External("open"))).Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Unknown_listener_and_unserved_namespace_are_refused_by_name()
    {
        var api = await fixture.NewAsync();
        var listener = (await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod", "a", "b"))).Id;
        var nobody = Guid.NewGuid().ToString();

        var unknown = await CreateAsync(api, "x", nobody, "a");
        var unserved = await CreateAsync(api, "x", listener, "c");
        var orphaned = await api.PostAsync("/v2/deployments", Bodies.Internal("y").Replace("{\"deployment_type\"", "{\"listener_config\":{\"k8s_namespace\":\"a\"},\"deployment_type\"", StringComparison.Ordinal));

        Assert.Equal((HttpStatusCode.BadRequest, $"Listener ID {nobody} not found."), (unknown.Status, unknown.Detail));
        Assert.Equal(
            (HttpStatusCode.BadRequest, $"source_config.listener_config.k8s_namespace must be one that listener ID {listener} serves: a, b."),
            (unserved.Status, unserved.Detail));
        orphaned.Expect(HttpStatusCode.BadRequest);
        Assert.Empty((await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").EnumerateArray());
    }

    [Fact]
    public async Task Listener_with_deployments_stays_until_the_last_is_gone()
    {
        var api = await fixture.NewAsync();
        var listener = (await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod"))).Id;
        var one = await CreateAsync(api, "one", listener);
        var two = await CreateAsync(api, "two", listener);

        var both = await api.DeleteAsync($"/v2/listeners/{listener}");
        (await api.DeleteAsync($"/v2/deployments/{one.Id}")).Expect(HttpStatusCode.NoContent);
        var leaving = await api.DeleteAsync($"/v2/listeners/{listener}");
        (await api.DeleteAsync($"/v2/deployments/{one.Id}?force=true")).Expect(HttpStatusCode.NoContent);
        var last = await api.DeleteAsync($"/v2/listeners/{listener}");
        (await api.DeleteAsync($"/v2/deployments/{two.Id}")).Expect(HttpStatusCode.NoContent);
        (await api.DeleteAsync($"/v2/deployments/{two.Id}?force=true")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(
            (HttpStatusCode.Conflict, $"Listener ID {listener} cannot be deleted: 2 deployments are bound to it for life. Delete them first."),
            (both.Status, both.Detail));
        Assert.Equal(both.Text, leaving.Text);
        Assert.Equal(
            (HttpStatusCode.Conflict, $"Listener ID {listener} cannot be deleted: 1 deployment is bound to it for life. Delete them first."),
            (last.Status, last.Detail));
        (await api.DeleteAsync($"/v2/listeners/{listener}")).Expect(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Namespace_with_deployments_stays_served()
    {
        var api = await fixture.NewAsync();
        var listener = (await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod", "a", "b"))).Id;
        (await CreateAsync(api, "one", listener, "a")).Expect(HttpStatusCode.Created);
        Task<Reply> Serve(string namespaces) => api.SendAsync(
            HttpMethod.Patch, $"/v2/listeners/{listener}", $$$"""{"compute_config":{"k8s_namespaces":{{{namespaces}}}}}""");

        var refused = await Serve("""["b","c"]""");
        var unused = await Serve("""["c","a"]""");

        Assert.Equal(
            (HttpStatusCode.Conflict, $"Listener ID {listener} must go on serving the namespace 'a': 1 deployment is placed in it for life. Delete them first."),
            (refused.Status, refused.Detail));
        unused.Expect(HttpStatusCode.OK);
    }

    /// <summary>Whichever comes first, no deployment is bound to a listener that is not there.</summary>
    [Fact]
    public async Task Binding_and_deleting_at_the_same_moment_leave_no_deployment_without_its_listener()
    {
        var api = await fixture.NewAsync();
        for (var round = 0; round < 8; round++)
        {
            var listener = (await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body($"cluster-{round}"))).Id;

            var created = CreateAsync(api, $"app-{round}", listener);
            var deleted = api.DeleteAsync($"/v2/listeners/{listener}");
            await Task.WhenAll(created, deleted);

            var isBound = (await created).Status == HttpStatusCode.Created;
            Assert.Equal(isBound ? HttpStatusCode.Conflict : HttpStatusCode.NoContent, (await deleted).Status);
            Assert.Equal(isBound ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await api.GetAsync($"/v2/listeners/{listener}")).Status);
        }
    }

    [Theory]
    [InlineData("GET", "/v2/listeners/{l}", null)]
    [InlineData("PATCH", "/v2/listeners/{l}", """{"version":"mine"}""")]
    [InlineData("DELETE", "/v2/listeners/{l}", null)]
    public async Task Foreign_listener_is_answered_as_one_that_never_was_and_nothing_happens(string method, string path, string? body)
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var their = await theirs.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod"));
        await mine.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod"));
        var nobody = Guid.NewGuid().ToString();

        var foreign = await mine.SendAsync(new HttpMethod(method), path.Replace("{l}", their.Id, StringComparison.Ordinal), body);
        var unknown = await mine.SendAsync(new HttpMethod(method), path.Replace("{l}", nobody, StringComparison.Ordinal), body);

        Assert.Equal((HttpStatusCode.NotFound, $"Listener ID {their.Id} not found."), (foreign.Status, foreign.Detail));
        Assert.Equal(unknown.Text.Replace(nobody, "", StringComparison.Ordinal), foreign.Text.Replace(their.Id, "", StringComparison.Ordinal));
        Assert.DoesNotContain(their.Id, (await mine.GetAsync("/v2/listeners?limit=100")).Text, StringComparison.Ordinal);
        Assert.Equal(their.Text, (await theirs.GetAsync($"/v2/listeners/{their.Id}")).Text);
    }

    [Fact]
    public async Task Foreign_listener_in_a_body_is_unknown()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var their = (await theirs.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod", "a", "b"))).Id;
        var my = (await mine.PostAsync("/v2/listeners", ListenerEndpointTests.Body("prod"))).Id;
        var placed = (await CreateAsync(mine, "mine", my)).Expect(HttpStatusCode.Created);
        var nobody = Guid.NewGuid().ToString();

        Reply[] foreign = [await CreateAsync(mine, "x", their), await CreateAsync(mine, "x", their, "a"), await MoveAsync(mine, placed.Id, their)];
        Reply[] unknown = [await CreateAsync(mine, "x", nobody), await CreateAsync(mine, "x", nobody, "a"), await MoveAsync(mine, placed.Id, nobody)];

        Assert.Equal(
            unknown.Select(reply => (reply.Status, reply.Text.Replace(nobody, "", StringComparison.Ordinal))),
            foreign.Select(reply => (reply.Status, reply.Text.Replace(their, "", StringComparison.Ordinal))));
        Assert.All(foreign, reply => Assert.Equal(HttpStatusCode.BadRequest, reply.Status));
    }

    private static Task<Reply> MoveAsync(Api api, string deployment, string listener) =>
        api.PatchAsync(deployment, $$$"""{"source_config":{"listener_id":"{{{listener}}}"}}""");

    private static Task<Reply> CreateAsync(Api api, string name, string listener, string? k8sNamespace = null) => api.PostAsync(
        "/v2/deployments",
        Bodies.External(name, k8sNamespace is null
            ? $$"""{"listener_id":"{{listener}}"}"""
            : $$$"""{"listener_id":"{{{listener}}}","listener_config":{"k8s_namespace":"{{{k8sNamespace}}}"}}"""));
}
