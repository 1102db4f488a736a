using Pilothouse.EndToEnd.World;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Pilothouse.EndToEnd.World;

/// <summary>What takes minutes begins at once, so that nothing waits for it at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_long = [SharedServer.Name, nameof(Crashes.KillInBuildTests), nameof(Chaos.ChaosTests), nameof(Crashes.KillInDeployTests), nameof(Remote.RemoteListenerTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(one => Array.FindIndex(s_long, name => one.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)) is var at && at < 0 ? s_long.Length : at)];
}
