using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reporting;
using Xunit;

namespace Pilothouse.Listener.Tests.Reporting;

public sealed class LogBufferTests
{
    private readonly LogBuffer _buffer = new(Options.Create(new ListenerOptions { LogBufferLines = 100, LogBufferBytes = 100_000 }));

    [Fact]
    public void Oldest_lines_go_first_and_a_line_in_their_place_says_how_many()
    {
        var deployment = DeploymentId.New();
        for (var number = 0; number < 150; number++) _buffer.Add(Line(deployment, $"{number}"));

        var taken = _buffer.Take(1000, long.MaxValue);

        Assert.Equal(101, taken.Count);
        Assert.Equal(("WARNING", "50 log lines were left out here: the control plane did not take them in time."), (taken[0].Level, taken[0].Message));
        Assert.Equal(Enumerable.Range(50, 100).Select(number => $"{number}"), taken.Skip(1).Select(line => line.Message));
        Assert.Equal(50, _buffer.TakeDropped());
        Assert.Equal(0, _buffer.TakeDropped());
    }

    [Fact]
    public void Long_lines_cost_no_more_memory_than_short_ones()
    {
        var deployment = DeploymentId.New();
        for (var number = 0; number < 100; number++) _buffer.Add(Line(deployment, new string('x', 10_000)));

        var taken = _buffer.Take(1000, long.MaxValue);

        Assert.InRange(taken.Sum(line => 2L * line.Message.Length), 1, 100_000);
    }

    [Fact]
    public void Noisy_deployment_neither_starves_nor_displaces_a_quiet_one()
    {
        var (noisy, quiet) = (DeploymentId.New(), DeploymentId.New());
        for (var number = 0; number < 1000; number++) _buffer.Add(Line(noisy, "noise"));
        _buffer.Add(Line(quiet, "one word"));

        Assert.Contains(_buffer.Take(10, long.MaxValue), line => line.Message == "one word");
    }

    [Fact]
    public void Batch_is_bounded_in_lines_and_in_bytes()
    {
        var deployment = DeploymentId.New();
        for (var number = 0; number < 50; number++) _buffer.Add(Line(deployment, new string('x', 500)));

        Assert.Equal(7, _buffer.Take(7, long.MaxValue).Count);
        Assert.Single(_buffer.Take(1000, 1));
        Assert.Equal(42, _buffer.Take(1000, long.MaxValue).Count);
        Assert.Empty(_buffer.Take(1000, long.MaxValue));
    }

    private static ReplicaLogLine Line(DeploymentId deployment, string message) =>
        new(new WorkspaceId(Guid.Empty), deployment, new RevisionId(Guid.Empty), DateTimeOffset.UnixEpoch, "INFO", message);
}
