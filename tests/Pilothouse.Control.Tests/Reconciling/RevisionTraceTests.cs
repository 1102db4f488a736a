using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

/// <summary>The spans of a revision's builds, as a collector would get them.</summary>
public sealed class RevisionTraceTests : IDisposable
{
    private readonly string _parent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01";
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public RevisionTraceTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Pilothouse.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                _parent.Contains(options.TraceId.ToString(), StringComparison.Ordinal) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Build_that_is_tried_again_is_of_the_same_trace_and_names_the_try_before()
    {
        await using var world = await ControlWorld.StartAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var tries = 0;
        var engine = new FakeBuildEngine
        {
            Behaviour = (request, _, _) => ++tries == 1
                ? throw new BuildUnavailableException("The registry is silent.", new IOException())
                : Task.FromResult<BuildOutcome>(FakeBuildEngine.BuiltOf(request)),
        };
        var driver = new RevisionDriver(world.Host.Services, engine, clock);
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment, row => row.TraceParent = _parent);

        await driver.PassAsync(deployment);
        clock.Advance(TimeSpan.FromMinutes(1));
        await driver.PassAsync(deployment);

        Assert.Equal(RevisionStatus.AwaitingDeploy, await world.StatusAsync(revision));
        var builds = _ended.Where(span => span.DisplayName == "build revision").ToList();
        Assert.Equal([("unavailable", 0), ("built", 1)], builds.Select(span => ((string)span.GetTagItem("pilothouse.build.result")!, span.Links.Count())));
        Assert.Equal(builds[0].Context.SpanId, builds[1].Links.Single().Context.SpanId);
        Assert.All(builds, span => Assert.Equal((_parent, $"{revision}"), (span.ParentId, span.GetTagItem("pilothouse.revision.id"))));
        Assert.Single(_ended, span => span.DisplayName == "wait for build");
    }
}
