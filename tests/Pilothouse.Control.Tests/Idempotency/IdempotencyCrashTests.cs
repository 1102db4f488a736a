using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Idempotency;

/// <summary>The store fails at every call of a keyed request in turn; the request is repeated, and what it asks for is there once.</summary>
public sealed class IdempotencyCrashTests
{
    private const int MostCalls = 80;
    private readonly StoreFaults _faults = new();
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => ControlHost.Cancel;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Create_that_is_cut_off_anywhere_is_done_once(bool staysBroken)
    {
        await using var host = await StartAsync();
        var api = await Api.InNewWorkspaceAsync(host);
        await AtEveryCallAsync(staysBroken, number =>
        {
            var body = Bodies.External($"app-{number}");
            Task<Reply> SendAsync() => IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Post, "/v2/deployments", body, $"key-{number}");
            return Task.FromResult<(Func<Task>, Func<Task>)>((SendAsync, async () =>
            {
                var made = (await SendAsync()).Expect(HttpStatusCode.Created);
                var again = (await SendAsync()).Expect(HttpStatusCode.Created);
                Assert.Equal(made.Text, again.Text);
                Assert.True(IdempotencyKeyTests.IsReplayed(again));
                Assert.Single(await api.RevisionsAsync(made.Id));
                Assert.Equal(1, await host.WithDbAsync(db => db.Audit.CountAsync(row => row.Operation == "create_deployment" && row.ResourceId == made.Id, Cancel)));
            }
            ));
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task New_revision_that_is_cut_off_anywhere_is_made_once(bool isPatch)
    {
        await using var host = await StartAsync();
        var api = await Api.InNewWorkspaceAsync(host);
        await AtEveryCallAsync(staysBroken: true, async number =>
        {
            var id = (await api.CreateExternalAsync($"app-{number}")).Id;
            Task<Reply> SendAsync() => isPatch
                ? IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Patch, $"/v2/deployments/{id}", """{"secrets":[{"name":"A","value":"1"}]}""", "k-" + id)
                : IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Post, $"/v2/deployments/{id}/revisions", null, "k-" + id);
            return (SendAsync, async () =>
            {
                var made = (await SendAsync()).Expect(isPatch ? HttpStatusCode.OK : HttpStatusCode.Created);
                var revisions = await api.RevisionsAsync(id);
                Assert.Equal(2, revisions.Count);
                Assert.Equal(revisions[0].GetProperty("id").GetString(), made.Text_(isPatch ? "latest_revision_id" : "id"));
            }
            );
        });
    }

    [Fact]
    public async Task After_a_restart_a_request_that_ran_goes_on_at_once_from_what_it_made()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-keys-").FullName;
        Guid made;
        string key;
        await using (var host = await StartAsync(directory))
        {
            var api = await Api.InNewWorkspaceAsync(host);
            key = api.Client.DefaultRequestHeaders.GetValues("X-Api-Key").Single();
            var reply = await IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "k");
            made = Guid.Parse(reply.Expect(HttpStatusCode.Created).Id);

            // As if the process had died between the effect and the answer's record.
            await host.WithDbAsync(db => db.RequestKeys.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Status, (int?)null).SetProperty(row => row.Answer, (byte[]?)null), Cancel));
            (await IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "k")).Expect(HttpStatusCode.Conflict);
        }

        await using (var host = await StartAsync(directory))
        {
            var api = new Api(host, host.Client(key), default);

            var again = await IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Post, "/v2/deployments", Bodies.External("app"), "k");

            Assert.Equal(made, Guid.Parse(again.Expect(HttpStatusCode.Created).Id));
            Assert.True(IdempotencyKeyTests.IsReplayed(again));
            Assert.Single(await api.RevisionsAsync(made.ToString()));
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Call_that_cannot_answer_again_from_what_it_made_says_so_and_makes_nothing_more()
    {
        await using var host = await ControlHost.StartAsync(routes: app => app.MapPost(
            "/renew/{id}",
            async (HttpContext http, Guid id, PatchDeployment patch) => (await patch.RunAsync(
                http.GetCaller().Workspace, id, new PatchRequest(new DeploymentPatch()), new AgentUrlBase("http://x", null), isAlways: true, Cancel))
                .ToResult(_ => ApiResults.Detail(200, "renewed"))).RequirePermission(Permissions.Update));
        var api = await Api.InNewWorkspaceAsync(host);
        var id = (await api.CreateExternalAsync()).Id;
        Task<Reply> SendAsync() => IdempotencyKeyTests.KeyedAsync(api, HttpMethod.Post, $"/renew/{id}", null, "k");
        (await SendAsync()).Expect(HttpStatusCode.OK);
        await host.WithDbAsync(db => db.RequestKeys.ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, (int?)null).SetProperty(row => row.LeaseUntil, DateTimeOffset.UnixEpoch), Cancel));

        var again = await SendAsync();

        Assert.Contains("took effect", again.Expect(HttpStatusCode.Conflict).Detail, StringComparison.Ordinal);
        Assert.Equal(2, (await api.RevisionsAsync(id)).Count);
    }

    private async Task AtEveryCallAsync(bool staysBroken, Func<int, Task<(Func<Task> Send, Func<Task> Check)>> prepare)
    {
        var at = 0;
        bool wasStruck;
        do
        {
            at++;
            var one = at;
            var (send, check) = await prepare(one);
            _faults.Arm(call => staysBroken ? call >= one : call == one);
            await send();
            wasStruck = _faults.Count >= one;
            _faults.Disarm();

            // Longer than any lease.
            _clock.Advance(TimeSpan.FromMinutes(2));
            await check();
        }
        while (wasStruck && at < MostCalls);

        Assert.InRange(at, 5, MostCalls - 1);
    }

    private Task<ControlHost> StartAsync(string? directory = null) => ControlHost.StartAsync(directory: directory, services: services =>
    {
        services.AddSingleton<TimeProvider>(_clock);
        services.InterceptStore(_faults, _faults.Commits);
    });
}
