using Xunit;

namespace Pilothouse.House.Tests;

public sealed class FileSizeTests
{
    private const int MostLines = 400;
    private const int MostLinesOfTests = 600;

    /// <summary>Files that may be longer, each with its reason. Only ever shrinks.</summary>
    private static readonly Dictionary<string, string> s_exempt = new(StringComparer.Ordinal);

    [Fact]
    public void No_file_is_too_long_and_no_exemption_is_idle()
    {
        var sizes = Repository.Files
            .Where(IsWritten)
            .ToDictionary(file => file, file => Repository.Lines(file).Count, StringComparer.Ordinal);

        Assert.NotEmpty(sizes);
        Faults.None(Found(sizes, s_exempt));
    }

    [Fact]
    public void Long_files_idle_exemptions_and_lost_ones_are_faults()
    {
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["src/Fits.cs"] = 400,
            ["src/Long.cs"] = 401,
            ["src/Exempt.cs"] = 900,
            ["src/Shrunk.cs"] = 10,
            ["tests/Fits.cs"] = 600,
            ["tests/Long.cs"] = 601,
        };
        var exempt = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["src/Exempt.cs"] = "one table",
            ["src/Shrunk.cs"] = "was a table",
            ["src/Gone.cs"] = "was there",
        };

        Assert.Equal(
            [
                "src/Long.cs has 401 lines; split it.",
                "tests/Long.cs has 601 lines; split it.",
                "src/Shrunk.cs needs no exemption any more.",
                "src/Gone.cs needs no exemption any more.",
            ],
            Found(sizes, exempt));
    }

    private static bool IsWritten(string file) =>
        file is "dev"
        || (file.EndsWith(".cs", StringComparison.Ordinal) && !Repository.IsGenerated(file))
        || Path.GetExtension(file) is ".mjs" or ".razor" or ".sh" or ".py" or ".ts";

    private static IEnumerable<string> Found(IReadOnlyDictionary<string, int> sizes, IReadOnlyDictionary<string, string> exempt) =>
        sizes.Where(size => size.Value > Limit(size.Key) && !exempt.ContainsKey(size.Key))
            .Select(size => $"{size.Key} has {size.Value} lines; split it.")
            .Concat(exempt.Keys.Where(file => sizes.GetValueOrDefault(file) <= Limit(file))
                .Select(file => $"{file} needs no exemption any more."));

    private static int Limit(string file) => file.StartsWith("tests/", StringComparison.Ordinal) ? MostLinesOfTests : MostLines;
}
