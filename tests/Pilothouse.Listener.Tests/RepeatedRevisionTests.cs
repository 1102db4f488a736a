using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Tests.World;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>A revision that runs exactly what serves already needs no proof; anything else does.</summary>
public sealed class RepeatedRevisionTests : SwitchWorld
{
    [Fact]
    public void Same_artifact_and_settings_are_switched_to_without_a_boot_on_scratch_state()
    {
        Serve();

        var next = World.Repeat(Wanted, 2);
        World.UntilStatus(next, RevisionStatus.Deployed);
        World.Run(TimeSpan.FromSeconds(1));

        Assert.DoesNotContain(World.Runtime.Started, spec => spec.IsScratch);
        Assert.Equal(2, World.Runtime.Started.Count);
        Assert.Equal(
            "Revision 2 runs exactly what revision 1 serves with, so it was not tried on scratch state first.",
            Event("proven", next).Message);
        AssertNothingLost();
    }

    [Fact]
    public void Variable_that_tells_the_revision_does_not_make_it_another()
    {
        var first = World.Revision(1);
        Serve(first with { Environment = Environment(("LANGSMITH_HOST_REVISION_ID", $"{first.Id}"), ("A", "1")) });

        Repeat(active => active with { Environment = Environment(("LANGSMITH_HOST_REVISION_ID", $"{active.Id}"), ("A", "1")) });

        Assert.DoesNotContain(World.Runtime.Started, spec => spec.IsScratch);
    }

    public static TheoryData<string, Func<WantedRevision, WantedRevision>> Changes => new()
    {
        { "a secret", revision => revision with { Environment = Environment(("A", "2")) } },
        { "one secret more", revision => revision with { Environment = Environment(("A", "1"), ("B", "1")) } },
        { "one secret less", revision => revision with { Environment = Environment() } },
        { "another name", revision => revision with { Environment = Environment(("B", "1")) } },
        { "less memory", revision => revision with { MemoryBytes = revision.MemoryBytes / 2 } },
        { "less CPU", revision => revision with { CpuCores = 0.5 } },
        { "the launch", revision => revision with { LaunchSpec = Launch(revision, launch => launch with { Arguments = [.. launch.Arguments, "--more"] }) } },
        {
            "the project's environment",
            revision => revision with
            {
                LaunchSpec = Launch(revision, launch => launch with
                {
                    ProjectEnvironment = new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "1" },
                }),
            }
        },
    };

    [Theory]
    [MemberData(nameof(Changes), DisableDiscoveryEnumeration = true)]
    public void Whatever_else_changes_is_proven_first(string what, Func<WantedRevision, WantedRevision> change)
    {
        Serve(World.Revision(1, environment: Environment(("A", "1"))));

        Repeat(change);

        Assert.True(World.Runtime.Started.Count(spec => spec.IsScratch) == 1, $"A change of {what} was not proven.");
        AssertNothingLost();
    }

    [Fact]
    public void Another_artifact_is_proven_first()
    {
        Serve();

        Switch();

        Assert.Single(World.Runtime.Started, spec => spec.IsScratch);
    }

    [Fact]
    public void What_does_not_serve_healthily_proves_nothing()
    {
        Serve();
        World.Runtime.CrashLoop(ListenerWorld.Real(Wanted, 1));
        World.Run(TimeSpan.FromSeconds(1));

        World.UntilStatus(World.Repeat(Wanted, 2), RevisionStatus.Deployed);

        Assert.Single(World.Runtime.Started, spec => spec.IsScratch);
    }

    private void Repeat(Func<WantedRevision, WantedRevision> change)
    {
        var active = World.Control.Find(Wanted.Id)!.Active!;
        var next = change(active with { Id = Guid.CreateVersion7(), Number = 2 });
        World.Control.Want(World.Control.Find(Wanted.Id)! with { Next = next });
        World.UntilStatus(next, RevisionStatus.Deployed);
        World.Run(TimeSpan.FromSeconds(1));
    }

    private static System.Text.Json.JsonElement Launch(WantedRevision revision, Func<LaunchSpec, LaunchSpec> change) =>
        LaunchSpecJson.WriteElement(change(LaunchSpecJson.Read(revision.LaunchSpec)));

    private static Dictionary<string, string> Environment(params (string Key, string Value)[] variables) =>
        variables.ToDictionary(variable => variable.Key, variable => variable.Value, StringComparer.Ordinal);
}
