using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Pilothouse.Control.Tests.Access;
using Pilothouse.Control.Tests.AuthService;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

/// <summary>T27: each outside dependency has its own bulkhead. One that does not answer is the trouble of those who need it.</summary>
public sealed class BulkheadTests
{
    private const int Samples = 20;
    private const int Waiting = 40;

    private static readonly string[] s_needed = ["/registry", "/token", "/.well-known/openid-configuration", "/sessions"];

    /// <summary>Above the noise of a busy machine, and far below what the dependencies take, which is their callers' limits of 10 s and more.</summary>
    private static readonly TimeSpan s_noise = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task T27_registry_token_endpoint_issuer_and_tracing_that_never_answer_delay_no_other_deployment_and_no_other_caller()
    {
        await using var silent = new SilentServer();
        await using var issuer = await FakeIssuer.StartAsync(TimeProvider.System);
        var engine = new FakeBuildEngine();
        await using var world = await ControlWorld.StartAsync(engine, new()
        {
            ["Outgoing:AllowPrivateAddresses"] = "true",
            ["Access:Oidc:Issuer"] = silent.Url,
            ["Access:Oidc:Audience"] = FakeIssuer.Audience,
            ["Tracing:Endpoint"] = silent.Url,
        });
        using var registry = new HttpClient { BaseAddress = new Uri(silent.Url) };
        var slow = await world.DeploymentAsync();
        engine.Behaviour = async (request, _, cancellationToken) =>
        {
            if (request.Deployment.Value == slow) await registry.GetAsync(new Uri("/registry", UriKind.Relative), cancellationToken);
            return FakeBuildEngine.BuiltOf(request);
        };
        var api = await Api.InNewWorkspaceAsync(world.Host);
        var (queuedBefore, listedBefore) = (await QueueAsync(world), await ListAsync(api));

        var waiting = await WaitAsync(world, silent, slow, issuer.Token("user", issuer: silent.Url));
        await Eventually.TrueAsync(() => s_needed.All(path => silent.Asked.Contains(path)));
        var (queuedMeanwhile, listedMeanwhile) = (await QueueAsync(world), await ListAsync(api));

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"slowest step of the queue {queuedBefore.TotalMilliseconds:0} ms before, {queuedMeanwhile.TotalMilliseconds:0} ms meanwhile; "
            + $"slowest list {listedBefore.TotalMilliseconds:0} ms before, {listedMeanwhile.TotalMilliseconds:0} ms meanwhile; {silent.Asked.Count} calls unanswered");
        Assert.InRange(queuedMeanwhile, TimeSpan.Zero, queuedBefore + s_noise);
        Assert.InRange(listedMeanwhile, TimeSpan.Zero, listedBefore + s_noise);
        Assert.Equal(RevisionStatus.Building, (await world.RevisionsAsync(slow)).Single().Status);

        // Nobody is left without an answer either.
        registry.CancelPendingRequests();
        await silent.CloseAsync();
        Assert.All(await Task.WhenAll(waiting), status => Assert.Contains(status, (HttpStatusCode[])[HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK]));
    }

    /// <summary>Has everything wait that there is to wait for, many times over.</summary>
    private static async Task<IReadOnlyList<Task<HttpStatusCode>>> WaitAsync(ControlWorld world, SilentServer silent, Guid slow, string bearer)
    {
        await world.QueueAsync(slow);

        var api = await Api.InNewWorkspaceAsync(world.Host);
        var traced = await api.CreateAsync("traced");
        (await api.DeleteAsync($"/v2/deployments/{traced}?delete_tracing_project=true")).Expect(HttpStatusCode.NoContent);
        (await api.DeleteAsync($"/v2/deployments/{traced}?force=true")).Expect(HttpStatusCode.NoContent);

        var slug = AuthBodies.NewSlug();
        var change = $$"""{"token_url":"{{silent.Url}}/token","auth_url":"{{silent.Url}}/authorize"}""";
        (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, change: change))).Expect(HttpStatusCode.OK);
        (await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug, more: ""","refresh_token":"r","expires_in_seconds":0"""))).Expect(HttpStatusCode.OK);

        return
        [
            .. Enumerable.Range(0, Waiting).Select(async _ => (await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug))).Status),
            .. Enumerable.Range(0, Waiting).Select(_ => MeAsync(world.Host, bearer)),
        ];
    }

    private static async Task<HttpStatusCode> MeAsync(ControlHost host, string bearer)
    {
        using var client = host.Client(key: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return (await new Api(host, client, default).GetAsync("/v2/access/me")).Status;
    }

    /// <returns>The longest time from the nudge to the built revision of another deployment.</returns>
    private static async Task<TimeSpan> QueueAsync(ControlWorld world)
    {
        var longest = TimeSpan.Zero;
        for (var sample = 0; sample < Samples; sample++)
        {
            var deployment = await world.DeploymentAsync();
            var began = Stopwatch.GetTimestamp();
            await world.UntilAsync(await world.QueueAsync(deployment), RevisionStatus.AwaitingDeploy);
            longest = Longer(longest, Stopwatch.GetElapsedTime(began));
        }

        return longest;
    }

    private static async Task<TimeSpan> ListAsync(Api api)
    {
        var longest = TimeSpan.Zero;
        for (var sample = 0; sample < Samples; sample++)
        {
            var began = Stopwatch.GetTimestamp();
            (await api.GetAsync("/v2/deployments")).Expect(HttpStatusCode.OK);
            longest = Longer(longest, Stopwatch.GetElapsedTime(began));
        }

        return longest;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
