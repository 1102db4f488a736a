using Pilothouse.Cli.Archives;
using Xunit;

namespace Pilothouse.Cli.Tests.Archives;

/// <summary>git itself says what its ignore files mean.</summary>
public sealed class GitAgreementTests
{
    private static readonly string[] s_names =
    [
        "a.log", "keep.log", "b.txt", "#note", "!bang", "sp ace", "trail ", "[x]", "x1", "x22", "ab.cz", "a+b", "ünï.log", "build", "out.tmp", "z-9", "\\back", "q?.md",
    ];

    private static readonly string[] s_patterns =
    [
        "*.log", "!keep.log", "/b.txt", "\\#note", "#note", "\\!bang", "sp ace", "trail\\ ", "trail ", "\\[x\\]", "[x]", "x[0-9]", "x[!0-9]*", "[[:alpha:]]1", "[9-0]",
        "one/*", "**/two", "one/**", "two/**/x1", "two/", "!two/", "three/**/", "*", "!*/", "!*.txt", "[a", "a\\+b", "*b.c?", "?-[0-9]", "\\\\back", "q\\?.md", "/one/two/x22",
        "one/two", "!one/two", "**", "a**z", "[^a-w]*", "**/one/x1", "x1\r", "bad\\", "build/", "/build", "[]-]*", "ünï*", "*.[lt]*", "!/x1", "!**/x22",
    ];

    [Fact]
    public async Task Same_files_are_left_as_by_git()
    {
        using var folder = new Folder();
        string[] folders = ["", "one/", "one/two/", "two/", "two/three/", "three/one/two/"];
        foreach (var path in folders.SelectMany(at => s_names.Select(name => at + name))) folder.Write(path);
        Assert.Equal(0, (await Folder.RunAsync(folder.Path, ["git", "init", "-q"])).Code);
        var chance = new Random(4);

        for (var round = 0; round < 60; round++)
        {
            var written = new List<string>();
            foreach (var at in folders.Where(at => at.Length == 0 || chance.Next(2) == 0))
                written.Add(folder.Write($"{at}.gitignore", string.Join('\n', chance.GetItems(s_patterns, chance.Next(1, 5))) + "\n"));

            var git = await Folder.RunAsync(folder.Path, ["git", "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard"]);
            var ours = SourceFiles.Find(folder.Path, [folder.Path]).Select(file => file.Name);

            var rules = string.Join("\n", written.Select(file => $"--- {file[folder.Path.Length..]}\n{File.ReadAllText(file)}"));
            var theirs = git.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToList();
            Assert.True(theirs.SequenceEqual(ours), $"only git: {string.Join('|', theirs.Except(ours))}\nonly we: {string.Join('|', ours.Except(theirs))}\n{rules}");
            written.ForEach(File.Delete);
        }
    }
}
