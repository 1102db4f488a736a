using System.Text.Json;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Switching;
using Pilothouse.Listener.Tests.World;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>What a listener finds on disk that was killed between two lines of a switch, where no port is called.</summary>
public sealed class RecoveryTests : IDisposable
{
    private const string Copy = "20260101T000000000Z-1-to-2";

    private readonly ListenerWorld _world = new();
    private readonly WantedRevision _one;
    private readonly WantedRevision _two;
    private readonly WantedDeployment _wanted;

    public RecoveryTests()
    {
        _one = _world.Revision(1);
        _two = _world.Revision(2);
        var wanted = _world.Deploy(_two);
        _world.Control.Want(wanted with { Active = _one });
        _wanted = _world.Control.Find(wanted.Id)!;
        Directory.CreateDirectory(_world.CopiesOf(_wanted));
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Killed_while_the_state_is_copied()
    {
        Write(_world.StateOf(_wanted), "threads");
        Write(InCopies(Copy + ".partial"), "thr");
        Journal(SwitchStage.Stopping);

        AssertEndsWith("threads");
    }

    [Fact]
    public void Killed_after_the_copy_and_before_it_is_noted()
    {
        Write(_world.StateOf(_wanted), "threads");
        Write(InCopies(Copy), "threads");
        Journal(SwitchStage.Stopping);

        AssertEndsWith("threads");
    }

    [Fact]
    public void Killed_while_the_new_one_starts_and_damages_the_state()
    {
        Write(_world.StateOf(_wanted), "damaged by revision 2");
        Write(InCopies(Copy), "threads");
        Journal(SwitchStage.Starting, Copy);

        AssertEndsWith("threads");
        Assert.Single(_world.Control.Events, happened => happened.Kind == ListenerEventKinds.StateRestored);
    }

    [Fact]
    public void Killed_while_the_state_is_put_back_after_the_damaged_one_was_moved_away()
    {
        Write(InCopies("replaced.partial"), "damaged");
        Write(InCopies(Copy), "threads");
        Journal(SwitchStage.Starting, Copy);

        AssertEndsWith("threads");
    }

    [Fact]
    public void Killed_after_the_state_was_put_back_and_before_that_is_noted()
    {
        Write(_world.StateOf(_wanted), "threads");
        Write(InCopies("replaced.partial"), "damaged");
        Journal(SwitchStage.Starting, Copy);

        AssertEndsWith("threads");
    }

    [Fact]
    public void Killed_while_the_new_one_starts_without_a_copy_that_was_too_large()
    {
        Write(_world.StateOf(_wanted), "threads");
        Journal(SwitchStage.Starting, copy: null);

        AssertEndsWith("threads");
    }

    [Fact]
    public void Killed_after_callers_were_let_through_keeps_what_they_wrote()
    {
        Write(_world.StateOf(_wanted), "threads and more");
        Write(InCopies(Copy), "threads");
        Journal(SwitchStage.Released, Copy);

        AssertEndsWith("threads and more");
        Assert.DoesNotContain(_world.Runtime.Started, spec => spec.Revision.Value == _one.Id || spec.IsScratch);
        var switched = Assert.Single(_world.Control.Events, happened => happened.Kind == ListenerEventKinds.Switched);
        Assert.Contains("killed before it could note the numbers", switched.Message, StringComparison.Ordinal);
        Assert.Null(switched.Data);
    }

    [Fact]
    public void Killed_while_the_journal_is_written()
    {
        Write(_world.StateOf(_wanted), "threads");
        File.WriteAllText(InCopies("switch.json.new"), "{\"from\":");

        AssertEndsWith("threads");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"from\":")]
    [InlineData("null")]
    public void Journal_that_is_not_ours_counts_as_none(string text)
    {
        Write(_world.StateOf(_wanted), "threads");
        File.WriteAllText(InCopies("switch.json"), text);

        AssertEndsWith("threads");
    }

    private void AssertEndsWith(string state)
    {
        _world.Start();
        _world.UntilStatus(_two, RevisionStatus.Deployed);
        _world.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(state, File.ReadAllText(Path.Combine(_world.StateOf(_wanted), "file")));
        Assert.Equal("2", _world.Running());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_world.CopiesOf(_wanted), "*.partial"));
        Assert.False(File.Exists(InCopies("switch.json.new")));
        Assert.Empty(_world.Runtime.Violations);
    }

    private void Journal(SwitchStage stage, string? copy = null) => File.WriteAllText(InCopies("switch.json"), JsonSerializer.Serialize(
        new SwitchRecord(_one.Id, 1, _two.Id, 2, stage, copy, _world.Simulation.Time.Start, Proof: null), SwitchJson.Default.SwitchRecord));

    private string InCopies(string name) => Path.Combine(_world.CopiesOf(_wanted), name);

    private static void Write(string folder, string content)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "file"), content);
    }
}
