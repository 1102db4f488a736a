using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

/// <summary>Any order of whatever users, builds and listeners do.</summary>
public sealed class RevisionHistoryTests
{
    private enum Act
    {
        Queue, Pass, BuildFails, BuildUnavailable, Interrupt, Deploying, Deployed, Failed, Late, StaleDeployed, DeployedOfAny, FailedOfAny,
    }

    [Fact]
    public async Task At_most_one_revision_is_in_flight_and_the_end_of_a_revision_is_final_but_for_a_late_success()
    {
        await using var world = await ControlWorld.StartAsync(
            settings: new() { ["Reconciling:RetryPause"] = "00:00:00.010" },
            services: services => services.InterceptStore(new NoSync()));
        var acts = Gen.Select(Gen.Enum<Act>(), Gen.Int[0, 7], (act, which) => (act, which)).Array[10, 40];

        await acts.SampleAsync(history => RunAsync(world, history), iter: 25, threads: 1);
    }

    private static async Task RunAsync(ControlWorld world, (Act Act, int Which)[] history)
    {
        var deployment = await world.DeploymentAsync();
        var before = new Dictionary<Guid, RevisionRow>();
        foreach (var (act, which) in history)
        {
            await DoAsync(world, deployment, act, which);

            var now = await world.RevisionsAsync(deployment);
            Assert.InRange(now.Count(row => row.Status.IsInFlight()), 0, 1);
            foreach (var row in now)
            {
                if (before.TryGetValue(row.Id, out var was) && was.Status.IsTerminal() && row.Status != was.Status)
                    Assert.Equal((RevisionStatus.DeployFailed, true, RevisionStatus.Deployed), (was.Status, was.IsLate, row.Status));
            }

            await AssertWantedAsync(world, deployment, now);
            before = now.ToDictionary(row => row.Id);
        }

        // Or the next history reads this one too.
        await world.DeleteAsync(deployment);
        await world.ReportAsync(deployment, revision: null, "deleted");
    }

    private static async Task AssertWantedAsync(ControlWorld world, Guid deployment, List<RevisionRow> revisions)
    {
        var wanted = (await world.WantedAsync(deployment))!;
        var row = await world.DeploymentRowAsync(deployment);
        Assert.Equal(row.ActiveRevisionId, wanted.Active?.Id);
        if (row.ActiveRevisionId is { } active)
            Assert.Equal(RevisionStatus.Deployed, revisions.Single(revision => revision.Id == active).Status);

        var deploying = revisions.SingleOrDefault(revision => revision.Status is RevisionStatus.AwaitingDeploy or RevisionStatus.Deploying);
        if (deploying is not null) Assert.Equal(deploying.Id, wanted.Next?.Id);
        if (wanted.Next is { } next)
        {
            var told = revisions.Single(revision => revision.Id == next.Id);
            Assert.True(told == deploying || told is { Status: RevisionStatus.DeployFailed, IsLate: true });
        }
    }

    private static async Task DoAsync(ControlWorld world, Guid deployment, Act act, int which)
    {
        var revisions = await world.RevisionsAsync(deployment);
        var any = revisions.Count == 0 ? null : revisions[which % revisions.Count];
        var next = (await world.WantedAsync(deployment))!.Next;
        switch (act)
        {
            case Act.Queue:
                await world.QueueAsync(deployment);
                break;
            case Act.Pass:
                await PassAsync(world, deployment, (request, _, _) => Task.FromResult<BuildOutcome>(FakeBuildEngine.BuiltOf(request)));
                break;
            case Act.BuildFails:
                await PassAsync(world, deployment, (_, _, _) => Task.FromResult<BuildOutcome>(new BuildOutcome.Refused("No.")));
                break;
            case Act.BuildUnavailable:
                await PassAsync(world, deployment, (_, _, _) => throw new BuildUnavailableException("Away."));
                break;
            case Act.Interrupt when any is not null:
                await world.Host.Services.GetRequiredService<InterruptRevision>()
                    .RunAsync(new WorkspaceId(any.WorkspaceId), Guid.Empty, deployment, any.Id, ControlHost.Cancel);
                break;
            case Act.Deploying or Act.Deployed or Act.Failed or Act.Late when next is not null:
                var phase = act == Act.Late ? "failed" : act.ToString().ToLowerInvariant();
                await world.ReportAsync(deployment, next.Id, phase, report => report with { IsLate = act == Act.Late });
                break;
            case Act.StaleDeployed when any is not null:
                await world.ReportAsync(deployment, any.Id, "deployed", report => report with { Generation = report.Generation - 1 });
                break;
            case Act.DeployedOfAny when any is not null:
                await world.ReportAsync(deployment, any.Id, "deployed");
                break;
            case Act.FailedOfAny when any is not null:
                await world.ReportAsync(deployment, any.Id, "failed");
                break;
        }
    }

    private static Task PassAsync(
        ControlWorld world, Guid deployment, Func<BuildRequest, IBuildLog, CancellationToken, Task<BuildOutcome>> behaviour) =>
        new RevisionDriver(world.Host.Services, new FakeBuildEngine { Behaviour = behaviour }).PassAsync(deployment);

    /// <summary>Thousands of commits whose loss would hurt nobody.</summary>
    private sealed class NoSync : Microsoft.EntityFrameworkCore.Diagnostics.DbConnectionInterceptor
    {
        public override async Task ConnectionOpenedAsync(
            System.Data.Common.DbConnection connection, Microsoft.EntityFrameworkCore.Diagnostics.ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = TestDatabase.IsPostgres ? "SET synchronous_commit = off" : "PRAGMA synchronous = OFF";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
