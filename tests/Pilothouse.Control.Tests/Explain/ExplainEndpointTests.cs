using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Explain;

public sealed class ExplainEndpointTests
{
    private const string Secret = "s3cr3t-value-of-a-user";

    [Fact]
    public async Task Failed_build_names_its_line_while_the_old_revision_serves_and_no_secret_is_shown()
    {
        var engine = new FakeBuildEngine();
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();
        Assert.Contains("no source was uploaded", (await ExplainAsync(world, deployment)).Summary, StringComparison.Ordinal);
        var first = await world.QueueAsync(deployment);
        await world.UntilAsync(first, RevisionStatus.AwaitingDeploy);
        await world.ReportAsync(deployment, first, "deployed");
        Assert.True((await ExplainAsync(world, deployment)).ServesNewest);
        engine.Behaviour = (_, log, _) =>
        {
            log.Write("INFO", $"src/agent.ts(3,5): error TS2322: {Secret}");
            log.Write("ERROR", $"The build command failed with {Secret}.");
            return Task.FromResult<BuildOutcome>(new BuildOutcome.Refused($"The build command failed with {Secret}."));
        };

        var second = await world.QueueAsync(deployment, secrets: new Dictionary<string, string> { ["KEY"] = Secret });
        await world.UntilAsync(second, RevisionStatus.BuildFailed);
        var explanation = await ExplainAsync(world, deployment);

        Assert.Equal((true, false), (explanation.Serving, explanation.ServesNewest));
        var finding = explanation.Findings[0];
        Assert.Equal((FindingAreas.Build, FindingSeverities.Error, second), (finding.Area, finding.Severity, finding.RevisionId));
        Assert.StartsWith("src/agent.ts(3,5): error TS2322: ", Assert.Single(finding.Details), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, JsonSerializer.Serialize(explanation, ApiJson.Default.Explanation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listener_that_asks_is_known_and_one_that_never_did_is_named()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

        var before = await ExplainAsync(world, deployment);
        await world.WantedAsync(deployment);
        var after = await ExplainAsync(world, deployment);

        Assert.Contains("Nothing was ever heard of the control plane's own listener", before.Summary, StringComparison.Ordinal);
        Assert.Equal(FindingSeverities.Info, Assert.Single(after.Findings).Severity);
    }

    /// <summary>The store is asked eight times at most, whatever there is to explain.</summary>
    [Fact]
    public async Task Bounded_queries_answer_in_milliseconds_among_many_revisions()
    {
        var faults = new StoreFaults();
        await using var world = await ControlWorld.StartAsync(services: services => services.InterceptStore(faults));
        var deployment = await world.DeploymentAsync();
        var active = await world.AddRevisionAsync(deployment, row => row.Status = RevisionStatus.Deployed);
        for (var at = 0; at < 50; at++) await world.AddRevisionAsync(deployment, row => row.Status = RevisionStatus.Skipped);
        await world.AddRevisionAsync(deployment, row => row.Status = RevisionStatus.Building);
        await world.AddRevisionAsync(deployment);
        await world.Host.WithDbAsync(async db =>
        {
            await db.Deployments.ExecuteUpdateAsync(set => set.SetProperty(row => row.ActiveRevisionId, active), ControlHost.Cancel);
            db.Events.Add(new EventRow { DeploymentId = deployment, RevisionId = active, Key = "f", Kind = "failing", Message = "It keeps ending." });
            return await db.SaveChangesAsync(ControlHost.Cancel);
        });
        await ExplainAsync(world, deployment);

        // Less what the key costs, which every call pays.
        var key = await CountAsync(faults, () => GetAsync(world, $"/v2/deployments/{Guid.NewGuid()}/explain")) - 1;
        var began = Stopwatch.GetTimestamp();
        var all = await CountAsync(faults, () => ExplainAsync(world, deployment));
        var took = Stopwatch.GetElapsedTime(began);

        TestContext.Current.TestOutputHelper?.WriteLine($"{all - key} queries, {took.TotalMilliseconds:0.0} ms");
        Assert.InRange(all - key, 5, 8);
        Assert.True(took < TimeSpan.FromSeconds(1), $"{took}");
    }

    private static async Task<int> CountAsync(StoreFaults faults, Func<Task> act)
    {
        faults.Arm(_ => false);
        await act();
        faults.Disarm();
        return faults.Count;
    }

    private static async Task<Explanation> ExplainAsync(ControlWorld world, Guid deployment)
    {
        using var answer = await GetAsync(world, $"/v2/deployments/{deployment}/explain");
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.Explanation, ControlHost.Cancel))!;
    }

    private static async Task<HttpResponseMessage> GetAsync(ControlWorld world, string path)
    {
        using var client = world.Host.Client();
        return await client.GetAsync(new Uri(path, UriKind.Relative), ControlHost.Cancel);
    }
}
