using Pilothouse.Cli.Archives;
using Xunit;

namespace Pilothouse.Cli.Tests.Archives;

public sealed class IgnoreRulesTests
{
    [Theory]
    [InlineData("*.log", "a.log", true)]
    [InlineData("*.log", "a/b.log", true)]
    [InlineData("*.log", "a.logs", null)]
    [InlineData("/a.log", "b/a.log", null)]
    [InlineData("/a.log", "a.log", true)]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "x/a/b", null)]
    [InlineData("a/*", "a/b/c", null)]
    [InlineData("**/x", "a/b/x", true)]
    [InlineData("**/x", "x", true)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**", "a", null)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**/z", "a/b/c/z", true)]
    [InlineData("a**z", "abcz", true)]
    [InlineData("a**z", "ab/cz", null)]
    [InlineData("?.txt", "a.txt", true)]
    [InlineData("?.txt", "ab.txt", null)]
    [InlineData("[a-c].x", "b.x", true)]
    [InlineData("[!a-c].x", "b.x", null)]
    [InlineData("[^a-c].x", "z.x", true)]
    [InlineData("[]x]", "]", true)]
    [InlineData("[c-a]", "b", null)]
    [InlineData("[a", "[a", null)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[\\]]", "]", true)]
    [InlineData("[[:digit:]]", "7", true)]
    [InlineData("[[:digit:]]", ":", null)]
    [InlineData("a[!x]b", "a/b", null)]
    [InlineData("a[/]b", "a/b", null)]
    [InlineData("#a", "#a", null)]
    [InlineData("\\#a", "#a", true)]
    [InlineData("!a", "a", false)]
    [InlineData("\\!a", "!a", true)]
    [InlineData("a ", "a", true)]
    [InlineData("a\\ ", "a ", true)]
    [InlineData("a\r", "a", true)]
    [InlineData("a\\", "a\\", null)]
    [InlineData("a.c", "abc", null)]
    [InlineData("d/", "d", null)]
    [InlineData("", "a", null)]
    public void One_line_says(string line, string path, bool? ignored) => Assert.Equal(ignored, IgnoreRules.Parse([line]).IsIgnored(path, isFolder: false));

    [Fact]
    public void Last_line_that_matches_wins_and_folder_lines_count_for_folders()
    {
        var rules = IgnoreRules.Parse(["*.log", "!keep.log", "d/"]);

        Assert.True(rules.IsIgnored("a.log", isFolder: false));
        Assert.False(rules.IsIgnored("keep.log", isFolder: false));
        Assert.True(rules.IsIgnored("x/d", isFolder: true));
    }

    [Fact]
    public void Hostile_pattern_takes_no_time()
    {
        var rules = IgnoreRules.Parse([string.Concat(Enumerable.Repeat("a*", 40)) + "b"]);

        Assert.Null(rules.IsIgnored(new string('a', 200), isFolder: false));
    }
}
