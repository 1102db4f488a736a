using System.Net;
using System.Text.Json;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary>Every operation on deployments and revisions, by whom, with whose ids.</summary>
public sealed class IsolationTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Nobody = "0193aaaa-0000-7000-8000-000000000000";

    /// <summary>Method, path, body; <c>{d}</c> and <c>{r}</c> are a deployment and a revision of it. Then who may: v(iewer), e(ditor), a(dmin).</summary>
    private static readonly (string Method, string Path, string? Body, string Who, string Success)[] s_operations =
    [
        ("GET", "/v2/deployments", null, "vea", "200"),
        ("POST", "/v2/deployments", "create", "ea", "201"),
        ("DELETE", "/v2/deployments?deployment_ids={d}", null, "a", "200"),
        ("GET", "/v2/deployments/free-count", null, "vea", "200"),
        ("GET", "/v2/deployments/{d}", null, "vea", "200"),
        ("PATCH", "/v2/deployments/{d}", """{"source_revision_config":{"image_uri":"r.corp/a:2"}}""", "ea", "200"),
        ("DELETE", "/v2/deployments/{d}", null, "a", "204"),
        ("DELETE", "/v2/deployments/{d}?force=true", null, "a", "400"),
        ("GET", "/v2/deployments/{d}/revisions", null, "vea", "200"),
        ("POST", "/v2/deployments/{d}/revisions", null, "ea", "201"),
        ("GET", "/v2/deployments/{d}/revisions/{r}", null, "vea", "200"),
        ("POST", "/v2/deployments/{d}/revisions/{r}/redeploy", null, "ea", "200"),
    ];

    public static TheoryData<string, string> WithIds() =>
        [.. s_operations.Where(one => one.Path.Contains("{d}", StringComparison.Ordinal)).Select(one => (one.Method, one.Path))];

    public static TheoryData<string, string> All() => [.. s_operations.Select(one => (one.Method, one.Path))];

    [Theory]
    [MemberData(nameof(WithIds))]
    public async Task Foreign_id_is_answered_as_one_that_never_was_and_nothing_happens(string method, string path)
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var their = await theirs.CreateExternalAsync();
        var my = await mine.CreateExternalAsync();
        var before = await theirs.RowAsync(their.Id);
        var (deployment, revision) = (their.Id, their.Text_("latest_revision_id")!);

        var foreign = await SendAsync(mine, method, path, deployment, revision);
        var unknown = await SendAsync(mine, method, path, Nobody, revision);

        Assert.Equal(HttpStatusCode.NotFound, foreign.Status);
        Assert.Equal($"Deployment ID {deployment} not found.", foreign.Detail);
        Assert.Equal(unknown.Text.Replace(Nobody, "", StringComparison.Ordinal), foreign.Text.Replace(deployment, "", StringComparison.Ordinal));
        if (path.Contains("{r}", StringComparison.Ordinal))
        {
            // The right parent, the wrong child.
            var mixed = await SendAsync(mine, method, path, my.Id, revision);
            Assert.Equal((HttpStatusCode.NotFound, $"Deployment ID {my.Id} not found."), (mixed.Status, mixed.Detail));
        }

        Assert.Equal(JsonSerializer.Serialize(before), JsonSerializer.Serialize(await theirs.RowAsync(their.Id)));
        Assert.Single(await theirs.RevisionsAsync(their.Id));
    }

    [Fact]
    public async Task Lists_and_counts_hold_ones_own_only()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var their = await theirs.CreateExternalAsync("theirs");
        var my = await mine.CreateAsync("mine");

        foreach (var query in new[] { "", $"?deployment_ids={their.Id}", "?name=theirs", "?name_contains=e", "?status=READY" })
        {
            var reply = await mine.GetAsync($"/v2/deployments{query}");
            Assert.DoesNotContain(their.Id, reply.Expect(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        }

        var both = await mine.DeleteAsync($"/v2/deployments?deployment_ids={their.Id}&deployment_ids={my}");
        Assert.Equal(HttpStatusCode.MultiStatus, both.Status);
        Assert.Equal("READY", (await theirs.GetAsync($"/v2/deployments/{their.Id}")).Text_("status"));
    }

    [Fact]
    public async Task Foreign_ids_in_bodies_are_unknown()
    {
        var (mine, theirs) = (await fixture.NewAsync(), await fixture.NewAsync());
        var (my, their) = (await mine.CreateAsync(), await theirs.CreateAsync());
        var listener = await AddListenerAsync(theirs, "prod");

        var upload = await mine.PatchAsync(my, Bodies.Push(await theirs.AddUploadAsync(their)));
        var disguised = await mine.PatchAsync(my, Bodies.Push(await mine.AddUploadAsync(my, of: theirs.Workspace)));
        var placed = await mine.PostAsync("/v2/deployments", Bodies.External("x", $$"""{"listener_id":"{{listener}}"}"""));
        var agentOfTheirs = await theirs.PostAsync("/v2/deployments", Agent);
        var agentOfMine = await mine.PostAsync("/v2/deployments", Agent);

        Assert.StartsWith("source_revision_config.source_tarball_path must be an object_path", upload.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.Equal(upload.Text, disguised.Text);
        Assert.Equal((HttpStatusCode.BadRequest, $"Listener ID {listener} not found."), (placed.Status, placed.Detail));
        agentOfTheirs.Expect(HttpStatusCode.Created);
        agentOfMine.Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Listener_of_the_workspace_is_taken_with_one_of_its_namespaces()
    {
        var api = await fixture.NewAsync();
        var one = await AddListenerAsync(api, "prod");
        var two = await AddListenerAsync(api, "a", "b");
        Task<Reply> Create(string name, Guid listener, string config) => api.PostAsync(
            "/v2/deployments", Bodies.External(name, $$"""{"listener_id":"{{listener}}","listener_config":{{config}}}"""));

        var only = await Create("only", one, "null");
        var chosen = await Create("chosen", two, """{"k8s_namespace":"b"}""");
        var open = await Create("open", two, "{}");
        var wrong = await Create("wrong", one, """{"k8s_namespace":"b"}""");

        Assert.Equal("prod", only.Expect(HttpStatusCode.Created).Text_("source_config", "listener_config", "k8s_namespace"));
        Assert.Equal("b", chosen.Expect(HttpStatusCode.Created).Text_("source_config", "listener_config", "k8s_namespace"));
        Assert.Equal(two, (await api.RowAsync(chosen.Id)).ListenerId);
        Assert.Equal($"source_config.listener_config.k8s_namespace must be one that listener ID {two} serves: a, b.", open.Expect(HttpStatusCode.BadRequest).Detail);
        wrong.Expect(HttpStatusCode.BadRequest);
        Assert.Single((await api.GetAsync($"/v2/deployments/{only.Id}/revisions?remote_reconciled=true")).Body.GetProperty("resources").EnumerateArray());
        Assert.Empty((await api.GetAsync($"/v2/deployments/{only.Id}/revisions?remote_reconciled=false")).Body.GetProperty("resources").EnumerateArray());
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Each_role_does_what_it_may_and_nobody_comes_in_without_a_key(string method, string path)
    {
        var admin = await fixture.NewAsync();
        var (_, _, _, who, success) = s_operations.Single(one => one.Method == method && one.Path == path);

        foreach (var role in new[] { Roles.Viewer, Roles.Editor, Roles.Admin, "stranger" })
        {
            var made = await admin.CreateExternalAsync($"app-{role}");
            var reply = await SendAsync(await admin.AsAsync(role), method, path, made.Id, made.Text_("latest_revision_id")!);
            var expected = role != "stranger" && who.Contains(role[0], StringComparison.Ordinal) ? success : "403";
            Assert.Equal(expected, ((int)reply.Status).ToString());
        }

        using var nobody = admin.Host.Client(key: null);
        using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{d}", Nobody, StringComparison.Ordinal).Replace("{r}", Nobody, StringComparison.Ordinal));
        using var refused = await nobody.SendAsync(request, ControlHost.Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static string Agent =>
        """{"agent":{"agent_id":"agent-1","environment":"staging"},"source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[]}""";

    private static Task<Reply> SendAsync(Api api, string method, string path, string deployment, string revision)
    {
        var body = s_operations.Single(one => one.Method == method && one.Path == path).Body;
        if (body == "create") body = Bodies.Internal($"a{Guid.NewGuid():N}"[..20]);
        return api.SendAsync(
            new HttpMethod(method),
            path.Replace("{d}", deployment, StringComparison.Ordinal).Replace("{r}", revision, StringComparison.Ordinal),
            body);
    }

    private static Task<Guid> AddListenerAsync(Api api, params string[] namespaces) => api.Host.WithDbAsync(async db =>
    {
        var id = Guid.CreateVersion7();
        db.Listeners.Add(new ListenerRow
        {
            Id = id,
            WorkspaceId = api.Workspace.Value,
            ComputeType = "k8s",
            ComputeId = id.ToString(),
            ComputeConfig = JsonSerializer.Serialize(new Dictionary<string, string[]> { ["k8s_namespaces"] = namespaces }),
        });
        await db.SaveChangesAsync(ControlHost.Cancel);
        return id;
    });
}
