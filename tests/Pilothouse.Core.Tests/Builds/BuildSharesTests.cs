using CsCheck;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Core.Tests.Builds;

public sealed class BuildSharesTests
{
    private static readonly DateTimeOffset s_noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly WorkspaceId[] s_workspaces = [.. Enumerable.Range(1, 5).Select(number => new WorkspaceId(new Guid(number, 0, 0, new byte[8])))];

    private static readonly Gen<(int[] Waiting, int[] UnderWay)> s_shares =
        Gen.Select(Gen.Int[0, 40].Array[s_workspaces.Length], Gen.Int[0, 4].Array[s_workspaces.Length]);

    [Fact]
    public void Turn_is_that_of_the_workspace_with_fewest_builds_then_of_who_waits_longest()
    {
        var waiting = new[] { Waits(0, minutes: 0), Waits(1, minutes: 2), Waits(2, minutes: 1) };

        Assert.Equal(s_workspaces[2], BuildShares.Next(waiting, UnderWay(1, 0, 0), limit: null));
        Assert.Equal(s_workspaces[0], BuildShares.Next(waiting, UnderWay(1, 1, 1), limit: null));
        Assert.Equal(s_workspaces[1], BuildShares.Next(waiting, UnderWay(2, 1, 2), limit: 2));
        Assert.Null(BuildShares.Next(waiting, UnderWay(2, 2, 2), limit: 2));
        Assert.Null(BuildShares.Next([], UnderWay(0, 0, 0), limit: null));
    }

    [Fact]
    public void However_much_the_others_ask_for_each_gets_its_share_of_the_builders() => Gen.Select(s_shares, Gen.Int[1, 8]).Sample((shares, builders) =>
    {
        var (waiting, underWay) = (shares.Waiting.ToArray(), new int[s_workspaces.Length]);
        for (var builder = 0; builder < builders; builder++)
        {
            var turn = BuildShares.Next(Enumerable.Range(0, waiting.Length).Where(at => waiting[at] > 0).Select(at => Waits(at, at)), UnderWay(underWay), limit: null);
            if (turn is not { } whose) break;
            var at = Array.IndexOf(s_workspaces, whose);
            waiting[at]--;
            underWay[at]++;
        }

        // Nobody who still waits has less than another one has, but for the one builder more that somebody must get.
        for (var at = 0; at < waiting.Length; at++)
            if (waiting[at] > 0) Assert.True(underWay[at] >= underWay.Max() - 1, $"{string.Join(' ', underWay)} of {string.Join(' ', shares.Waiting)}");
    });

    [Fact]
    public void Nobody_goes_above_the_limit_and_no_builder_idles_below_it() => Gen.Select(s_shares, Gen.Int[1, 4]).Sample((shares, limit) =>
    {
        var turn = BuildShares.Next(
            Enumerable.Range(0, s_workspaces.Length).Where(at => shares.Waiting[at] > 0).Select(at => Waits(at, at)), UnderWay(shares.UnderWay), limit);

        var may = Enumerable.Range(0, s_workspaces.Length).Where(at => shares.Waiting[at] > 0 && shares.UnderWay[at] < limit).ToArray();
        Assert.Equal(may.Length == 0, turn is null);
        if (turn is { } whose) Assert.Contains(Array.IndexOf(s_workspaces, whose), may);
    });

    private static WaitingBuilds Waits(int workspace, int minutes) => new(s_workspaces[workspace], s_noon.AddMinutes(minutes));

    private static Dictionary<WorkspaceId, int> UnderWay(params int[] builds) =>
        builds.Select((count, at) => (count, at)).Where(one => one.count > 0).ToDictionary(one => s_workspaces[one.at], one => one.count);
}
