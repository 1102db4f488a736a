namespace Pilothouse.Bench;

internal static class Numbers
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>One line: medians, their ratio pair by pair, and the aim.</summary>
    public static void Print(string what, IReadOnlyList<double> ours, string theirs, IReadOnlyList<double> others, string unit, string aim) =>
        Console.WriteLine(
            $"{what}: ours {Median(ours):0.00} {unit}, {theirs} {Median(others):0.00} {unit}, ratio {Median(ours.Zip(others, (one, other) => one / other)):0.00} "
            + $"(aim {aim}; {ours.Count} pairs, {string.Join(' ', ours.Zip(others, (one, other) => $"{one / other:0.00}"))})");
}
