using Xunit;

namespace Pilothouse.Core.Tests;

public sealed class TimeOrderedUuidTests
{
    [Fact]
    public void Ids_of_one_process_sort_by_creation_as_text_and_are_of_version_7()
    {
        var made = Enumerable.Range(0, 20_000).Select(_ => DeploymentId.New().Value).ToList();

        Assert.Equal(made.Select(one => one.ToString()), made.Select(one => one.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(made.Count, made.Distinct().Count());
        Assert.All(made, one => Assert.Equal((7, true), (one.Version, one.Variant is >= 8 and <= 11)));
    }

    [Fact]
    public async Task Made_at_once_they_differ()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => Enumerable.Range(0, 5_000).Select(_ => RevisionId.New()).ToList(), TestContext.Current.CancellationToken)));

        Assert.Equal(40_000, made.SelectMany(one => one).Distinct().Count());
    }
}
