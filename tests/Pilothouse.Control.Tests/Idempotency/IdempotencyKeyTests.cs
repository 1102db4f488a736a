using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Idempotency;

public sealed class IdempotencyKeyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task Repeated_create_gets_the_same_answer_and_makes_nothing()
    {
        var api = await fixture.NewAsync();

        var first = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "key-1");
        await api.PatchAsync(first.Id, """{"secrets":[{"name":"A","value":"1"}]}""");
        var again = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "key-1");

        Assert.Equal((HttpStatusCode.Created, first.Text), (again.Status, again.Text));
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
        Assert.NotNull(again.Headers.ETag);
        Assert.False(IsReplayed(first));
        Assert.True(IsReplayed(again));
        Assert.Equal(2, (await api.RevisionsAsync(first.Id)).Count);
    }

    [Fact]
    public async Task Repeated_patch_and_redeploy_make_one_revision_each()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var body = Bodies.Push(await api.AddUploadAsync(id));

        var patched = await KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", body, "p");
        var patchedAgain = await KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", body, "p");
        var redeploy = $"/v2/deployments/{id}/revisions/{patched.Text_("latest_revision_id")}/redeploy";
        var redeployed = await KeyedAsync(api, HttpMethod.Post, redeploy, null, "r");
        var redeployedAgain = await KeyedAsync(api, HttpMethod.Post, redeploy, null, "r");

        Assert.Equal(patched.Text, patchedAgain.Text);
        Assert.Equal(redeployed.Expect(HttpStatusCode.OK).Text, redeployedAgain.Text);
        Assert.Equal(2, (await api.RevisionsAsync(id)).Count);
    }

    [Theory]
    [InlineData("body")]
    [InlineData("path")]
    [InlineData("method")]
    public async Task Key_of_another_request_is_refused_in_words(string differs)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        await KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", "{}", "one");

        var other = differs switch
        {
            "body" => await KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", """{"secrets":[]}""", "one"),
            "path" => await KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{Guid.NewGuid()}", "{}", "one"),
            _ => await KeyedAsync(api, HttpMethod.Post, $"/v2/deployments/{id}/revisions", "{}", "one"),
        };

        other.Expect(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(["value_error header.Idempotency-Key"], other.Faults);
        Assert.Contains("another request", other.Text, StringComparison.Ordinal);
        Assert.Empty(await api.RevisionsAsync(id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("tab\there")]
    [InlineData(256)]
    public async Task Key_that_is_none_is_a_fault_of_shape(object text)
    {
        var api = await fixture.NewAsync();
        var key = text as string ?? new string('k', (int)text);

        var reply = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("app"), key);

        reply.Expect(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(0, (await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").GetArrayLength());
    }

    [Fact]
    public async Task Longest_key_and_key_by_the_other_prefix_are_the_same_request()
    {
        var api = await fixture.NewAsync();
        var key = new string('k', 255);

        var first = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("app"), key);
        var again = await KeyedAsync(api, HttpMethod.Post, "/api-host/v2/deployments", Bodies.Internal("app"), key);

        Assert.Equal(first.Expect(HttpStatusCode.Created).Text, again.Expect(HttpStatusCode.Created).Text);
    }

    [Fact]
    public async Task Callers_and_workspaces_choose_their_keys_apart()
    {
        var api = await fixture.NewAsync();
        var colleague = await api.AsAsync(Roles.Admin);
        var stranger = await fixture.NewAsync();

        var one = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("one"), "k");
        var two = await KeyedAsync(colleague, HttpMethod.Post, "/v2/deployments", Bodies.Internal("two"), "k");
        var three = await KeyedAsync(stranger, HttpMethod.Post, "/v2/deployments", Bodies.Internal("one"), "k");

        Assert.Equal(3, new[] { one, two, three }.Select(reply => reply.Expect(HttpStatusCode.Created).Id).Distinct().Count());
    }

    [Fact]
    public async Task Refusals_that_stay_are_repeated_and_those_that_pass_are_run_again()
    {
        var api = await fixture.NewAsync();
        var holder = await api.CreateAsync("taken");

        var wrong = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", "{}", "wrong");
        var wrongAgain = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", "{}", "wrong");
        var taken = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("taken"), "taken");
        await api.ChangeAsync(holder, row => row.Name = "elsewhere");
        var free = await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.Internal("taken"), "taken");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, wrong.Text, true), (wrongAgain.Status, wrongAgain.Text, IsReplayed(wrongAgain)));
        taken.Expect(HttpStatusCode.Conflict);
        free.Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Lost_role_gets_no_answer_again_and_reading_calls_keep_none()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        await KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", "{}", "k");
        await KeyedAsync(api, HttpMethod.Post, $"/v1/projects/{id}/deploy_logs", "{}", "logs");
        Assert.Single(await RowsAsync(api));

        await api.Host.WithDbAsync(db => db.ApiKeys.Where(row => row.WorkspaceId == api.Workspace.Value)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Role, Roles.Viewer), Cancel));

        await Eventually.ReadAsync(
            () => KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", "{}", "k"), reply => reply.Status == HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Neither_body_nor_answer_can_be_read_in_the_store()
    {
        var api = await fixture.NewAsync();
        const string Canary = "canary-2718281828";
        var body = $$"""{"name":"{{Canary}}","source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[{"name":"A","value":"{{Canary}}"}]}""";

        (await KeyedAsync(api, HttpMethod.Post, "/v2/deployments", body, "k")).Expect(HttpStatusCode.Created);

        var row = Assert.Single(await RowsAsync(api));
        Assert.Equal(201, row.Status);
        Assert.DoesNotContain(Canary, Encoding.UTF8.GetString(row.Answer!), StringComparison.Ordinal);
        Assert.Equal(32, row.Fingerprint.Length);
    }

    [Fact]
    public async Task Second_while_the_first_runs_is_told_to_come_again_and_then_gets_its_answer()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leave = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = 0;
        await using var host = await ControlHost.StartAsync(
            services: services => services.AddSingleton<TimeProvider>(clock),
            routes: app => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapPost(app, "/slow", async () =>
            {
                Interlocked.Increment(ref runs);
                entered.TrySetResult();
                await leave.Task;
                return ApiResults.Detail(201, $"run {runs}");
            }).RequirePermission(Permissions.Update));
        var api = await Api.InNewWorkspaceAsync(host);

        var first = KeyedAsync(api, HttpMethod.Post, "/slow", null, "k");
        await entered.Task;
        var busy = await KeyedAsync(api, HttpMethod.Post, "/slow", null, "k");
        leave.SetResult();
        var answered = await first;
        var again = await KeyedAsync(api, HttpMethod.Post, "/slow", null, "k");
        clock.Advance(TimeSpan.FromHours(25));
        var nextDay = await KeyedAsync(api, HttpMethod.Post, "/slow", null, "k");

        busy.Expect(HttpStatusCode.Conflict);
        Assert.NotNull(busy.Headers.RetryAfter);
        Assert.Equal("run 1", answered.Expect(HttpStatusCode.Created).Detail);
        Assert.Equal(("run 1", true), (again.Detail, IsReplayed(again)));
        Assert.Equal(("run 2", false), (nextDay.Detail, IsReplayed(nextDay)));
        clock.Advance(TimeSpan.FromHours(25));
        await host.Services.GetRequiredService<RequestKeyStore>().SweepAsync(Cancel);
        Assert.Empty(await RowsAsync(api));
    }

    [Fact]
    public async Task Failures_are_run_again_and_answers_beyond_the_limit_are_not_kept()
    {
        var runs = 0;
        await using var host = await ControlHost.StartAsync(
            new() { ["Idempotency:MaxAnswerBytes"] = "1024" },
            routes: app =>
            {
                Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapPost(app, "/broken", () =>
                    ++runs == 1 ? throw new InvalidOperationException("A bug.") : ApiResults.Detail(200, $"run {runs}"))
                    .RequirePermission(Permissions.Update);
                Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapPost(app, "/large", () => ApiResults.Detail(201, new string('x', 2000)))
                    .RequirePermission(Permissions.Update);
            });
        var api = await Api.InNewWorkspaceAsync(host);

        var failed = await KeyedAsync(api, HttpMethod.Post, "/broken", null, "b");
        var again = await KeyedAsync(api, HttpMethod.Post, "/broken", null, "b");
        var large = await KeyedAsync(api, HttpMethod.Post, "/large", null, "l");
        var largeAgain = await KeyedAsync(api, HttpMethod.Post, "/large", null, "l");

        failed.Expect(HttpStatusCode.InternalServerError);
        Assert.Equal(("run 2", false), (again.Detail, IsReplayed(again)));
        Assert.Equal(2000, large.Expect(HttpStatusCode.Created).Detail.Length);
        Assert.Contains("status 201", largeAgain.Expect(HttpStatusCode.Conflict).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_caller_has_a_limit_of_keys_and_takes_none_of_anothers()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Idempotency:MaxKeysPerCaller"] = "10" });
        var (api, other) = (await Api.InNewWorkspaceAsync(host), await Api.InNewWorkspaceAsync(host));
        Task<Reply> CreateAsync(Api of, int number) => KeyedAsync(of, HttpMethod.Post, "/v2/deployments", Bodies.External($"app-{number}"), $"key-{number}");
        for (var number = 0; number < 10; number++) (await CreateAsync(api, number)).Expect(HttpStatusCode.Created);

        Assert.Contains("10 idempotency keys", (await CreateAsync(api, 10)).Expect(HttpStatusCode.TooManyRequests).Detail, StringComparison.Ordinal);
        Assert.True(IsReplayed((await CreateAsync(api, 3)).Expect(HttpStatusCode.Created)));
        (await CreateAsync(other, 10)).Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Many_at_once_make_one()
    {
        var api = await fixture.NewAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "k")));

        var created = replies.Where(reply => reply.Status == HttpStatusCode.Created).ToList();
        Assert.Single(created.Select(reply => reply.Id).Distinct());
        Assert.All(replies.Except(created), reply => reply.Expect(HttpStatusCode.Conflict));
        var revision = Assert.Single(await api.RevisionsAsync(created[0].Id));
        Assert.Equal(RevisionStatus.Queued.ToWire(), revision.GetProperty("status").GetString());
    }

    internal static Task<Reply> KeyedAsync(Api api, HttpMethod method, string path, string? json, string key) =>
        api.SendAsync(method, path, json, ("Idempotency-Key", key));

    internal static bool IsReplayed(Reply reply) => reply.Headers.Contains("Idempotency-Replayed");

    private static Task<List<RequestKeyRow>> RowsAsync(Api api) => api.Host.WithDbAsync(
        db => db.RequestKeys.AsNoTracking().Where(row => row.WorkspaceId == api.Workspace.Value).ToListAsync(Cancel));
}
