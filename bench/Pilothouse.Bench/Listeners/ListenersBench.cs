using System.Globalization;

namespace Pilothouse.Bench.Listeners;

/// <summary>
/// What listeners elsewhere cost the control plane that they ask, and how soon they hear: one with 1,000 of them beside one with 100, ten deployments
/// each. Both idle at the same time; then changes come to one and the other in turns, at the same rate.
/// </summary>
internal static class ListenersBench
{
    private const int Few = 100;
    private const int Many = 1_000;
    private const int PerSecond = 50;
    private const int Rounds = 5;

    private static readonly double[] s_shares = [0.5, 0.95, 0.99];

    private static readonly TimeSpan s_warm = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(6);

    /// <summary>Two pulls of each listener.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(50);

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(4);

    public static async Task RunAsync()
    {
        await using var few = await Fleet.CreateAsync(Few);
        await using var many = await Fleet.CreateAsync(Many);
        await Task.Delay(s_settle, TimeProvider.System);
        var alone = await IdleAsync(few, many, s_settle);

        await Task.WhenAll(few.BeginAsync(), many.BeginAsync());
        await few.ChangeAsync(PerSecond, s_warm);
        await many.ChangeAsync(PerSecond, s_warm);
        await Task.Delay(s_settle, TimeProvider.System);
        var idle = await IdleAsync(few, many, s_idle);
        PrintIdle(alone, idle);

        var (ofFew, ofMany) = (new List<Changes>(), new List<Changes>());
        for (var round = 0; round < Rounds; round++)
        {
            ofFew.Add(await few.ChangeAsync(PerSecond, s_round));
            ofMany.Add(await many.ChangeAsync(PerSecond, s_round));
        }

        PrintTimes(Few, ofFew);
        PrintTimes(Many, ofMany);
        Numbers.Print(
            $"processor of a change beyond idling, {Many} listeners", Cpu(ofMany, idle.Many), $"with {Few}", Cpu(ofFew, idle.Few), "ms", "<= 1.2");
    }

    private static async Task<(Idle Few, Idle Many)> IdleAsync(Fleet few, Fleet many, TimeSpan span)
    {
        var both = await Task.WhenAll(few.IdleAsync(span), many.IdleAsync(span));
        return (both[0], both[1]);
    }

    private static void PrintIdle((Idle Few, Idle Many) alone, (Idle Few, Idle Many) idle)
    {
        Print($"idle processor: {idle.Many.Core:P2} of a core with {Many} listeners, {idle.Few.Core:P2} with {Few}; before any of them asked {alone.Many.Core:P2} and {alone.Few.Core:P2}");
        var (many, few) = (1000 * (idle.Many.Core - alone.Many.Core) / Many, 1000 * (idle.Few.Core - alone.Few.Core) / Few);
        Print($"processor of an idle listener: {many:0.000} ms a second with {Many}, {few:0.000} ms with {Few}, ratio {many / few:0.00} (aim <= 1.2)");
        Print($"memory: {idle.Many.Mebibytes:0} MiB with {Many} listeners, {idle.Few.Mebibytes:0} MiB with {Few}: {1024 * (idle.Many.Mebibytes - idle.Few.Mebibytes) / (Many - Few):0.0} KiB a listener");
    }

    private static void PrintTimes(int listeners, List<Changes> rounds)
    {
        // Of each round, so that one in which the machine was busy with something else does not stand for all.
        List<double>[] at = [.. s_shares.Select(share => rounds.ConvertAll(round => round.Milliseconds.Order().ElementAt((int)(round.Milliseconds.Count * share))))];
        var worst = string.Join(' ', at[2].Select(one => string.Create(CultureInfo.InvariantCulture, $"{one:0}")));
        Print($"change to its listener, {listeners} listeners: median {Numbers.Median(at[0]):0.0} ms, p95 {Numbers.Median(at[1]):0.0} ms, p99 {Numbers.Median(at[2]):0.0} ms (aim < 500; medians of {rounds.Count} rounds of {rounds[0].Milliseconds.Count} changes, {PerSecond} a second; p99 of each {worst})");
    }

    private static List<double> Cpu(List<Changes> rounds, Idle idle) =>
        [.. rounds.Select(round => 1000 * (round.CpuSeconds - (idle.Core * round.Seconds)) / round.Milliseconds.Count)];

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
