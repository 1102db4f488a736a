using System.Text.RegularExpressions;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>Documents and comments name only what is there.</summary>
public sealed partial class DocumentedPathsTests
{
    private static IEnumerable<string> Documents => Repository.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal));

    [Fact]
    public void Paths_named_in_documents_exist()
    {
        var lost =
            from file in Documents
            from path in Paths(Repository.Read(file))
            where !Repository.Has(path)
            select $"{file}: {path}";

        Faults.None(lost);
    }

    [Fact]
    public void Links_of_documents_lead_somewhere()
    {
        var lost =
            from file in Documents
            from target in Links(Repository.Read(file))
            where !Repository.Has(Path.Combine(Path.GetDirectoryName(file)!, target))
            select $"{file}: {target}";

        Faults.None(lost);
    }

    [Fact]
    public void Documents_named_in_code_exist()
    {
        var lost =
            from file in Repository.CSharp("src").Append("dev")
            from path in Paths(Repository.Read(file)).Where(path => path.EndsWith(".md", StringComparison.Ordinal))
            where !Repository.Has(path)
            select $"{file}: {path}";

        Faults.None(lost);
    }

    [Theory]
    [InlineData("see `docs/errors.md`.", "docs/errors.md")]
    [InlineData("in src/Pilothouse.Core/Revisions/, the table", "src/Pilothouse.Core/Revisions/")]
    [InlineData("run `./dev test`", "dev")]
    [InlineData("`\"graphs\": \"./src/agent.ts:graph\"`", null)]
    [InlineData("`${artifact}/src/agent.ts`", null)]
    [InlineData("`src/Pilothouse.*/`", null)]
    public void Paths_are_recognised(string text, string? path) => Assert.Equal(path, Paths(text).SingleOrDefault());

    private static IEnumerable<string> Paths(string text) => PathText().Matches(text)
        .Select(match => match.Groups["path"].Value.TrimEnd('.', ','))
        // Patterns and placeholders name many or none.
        .Where(path => !path.AsSpan().ContainsAny("*{…"));

    private static IEnumerable<string> Links(string text) => LinkText().Matches(text)
        .Select(match => match.Groups["target"].Value.Split('#')[0])
        .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal));

    [GeneratedRegex("""((?<![\w./}])(?<path>(src|tests|docs|samples|bench|eng|\.ci)/[^\s`"'()\[\]:;|<>]*)|(?<![\w.])\./(?<path>dev)\b)""", RegexOptions.ExplicitCapture)]
    private static partial Regex PathText();

    [GeneratedRegex("""\]\((?<target>[^)\s]+)\)""", RegexOptions.ExplicitCapture)]
    private static partial Regex LinkText();
}
