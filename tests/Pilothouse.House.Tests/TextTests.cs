using System.Text.RegularExpressions;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>What every file of the tree is held to.</summary>
public sealed partial class TextTests
{
    private static readonly string[] s_text =
    [
        ".cs", ".csproj", ".props", ".targets", ".slnx", ".slnf", ".json", ".md", ".mjs", ".js", ".ts", ".py", ".toml", ".txt", ".sh", ".yml",
        ".yaml", ".razor", ".css", ".html", "",
    ];

    private static IEnumerable<string> Texts => Repository.Files.Where(file => s_text.Contains(Path.GetExtension(file), StringComparer.Ordinal));

    [Fact]
    public void Lines_end_with_line_feeds_and_hold_no_tabs()
    {
        var faults = Texts.Where(file => Repository.Read(file).AsSpan().ContainsAny('\r', '\t'));

        Faults.None(faults);
    }

    [Fact]
    public void Files_end_with_a_line_break()
    {
        // Golden files are what a program said, to the letter; lock files are NuGet's.
        var faults = Texts.Where(file => !file.Contains("/Golden/", StringComparison.Ordinal)
            && Path.GetFileName(file) != "packages.lock.json"
            && Repository.Read(file) is { Length: > 0 } text && !text.EndsWith('\n'));

        Faults.None(faults);
    }

    [Fact]
    public void No_file_names_a_place_on_somebodys_machine() => Faults.None(LinesThat(SomebodysMachine()));

    [Fact]
    public void Nothing_is_left_to_do_later()
    {
        var left = LinesThat(LeftForLater())
            .Where(line => line.StartsWith("src/", StringComparison.Ordinal) || line.StartsWith("tests/", StringComparison.Ordinal));

        Faults.None(left);
    }

    [Fact]
    public void Lock_files_name_the_public_registry_only()
    {
        var strays =
            from file in Repository.Files
            where Path.GetFileName(file) == "package-lock.json"
            from line in Repository.Lines(file)
            where line.Contains("\"resolved\":", StringComparison.Ordinal)
                && !line.Contains("\"resolved\": \"https://registry.npmjs.org/", StringComparison.Ordinal)
            select $"{file}: {line.Trim()}";

        Faults.None(strays);
    }

    [Theory]
    [InlineData("/wo" + "rk/main/src", true)]
    [InlineData("cd /ro" + "ot/.cache", true)]
    [InlineData("/ho" + "me/ann/pilothouse", true)]
    [InlineData("src/network/framework", false)]
    [InlineData("${artifact}/wo" + "rk", false)]
    public void Places_are_recognised(string line, bool isPlace) => Assert.Equal(isPlace, SomebodysMachine().IsMatch(line));

    [Theory]
    [InlineData("// TO" + "DO: later", true)]
    [InlineData("// FIX" + "ME", true)]
    [InlineData("[Fact(Sk" + "ip = \"flaky\")]", true)]
    [InlineData("throw new NotImplemented" + "Exception();", true)]
    [InlineData("rows.Skip(1)", false)]
    public void What_is_left_is_recognised(string line, bool isLeft) => Assert.Equal(isLeft, LeftForLater().IsMatch(line));

    private static IEnumerable<string> LinesThat(Regex match) =>
        from file in Texts
        from line in Repository.Lines(file)
        where match.IsMatch(line)
        select $"{file}: {line.Trim()}";

    // Written so that they do not match themselves.
    [GeneratedRegex("""(?<![\w.}/-])/(wo[r]k|ro[o]t|ho[m]e|Us[e]rs)/[\w.]""", RegexOptions.ExplicitCapture)]
    private static partial Regex SomebodysMachine();

    [GeneratedRegex("""\b(TO[D]O|FIX[M]E|HA[C]K)\b|\bSk[i]p\s*=\s*"|NotImplemented[E]xception""", RegexOptions.ExplicitCapture)]
    private static partial Regex LeftForLater();
}
