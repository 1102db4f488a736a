using System.Text;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>The tables of docs/configuration.md are written from the option classes; <c>./dev golden</c> rewrites them.</summary>
public sealed class ConfigurationDocumentTests
{
    private const string Document = "docs/configuration.md";
    private const string Begin = "<!-- options: written by ./dev golden -->\n";
    private const string End = "<!-- /options -->\n";

    [Fact]
    public void Document_shows_every_option_as_it_is()
    {
        var text = Repository.Read(Document);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, $"{Document} has no place for the options.");

        Golden.FileMatches(Path.Combine(Repository.Root, Document), text[..(begin + Begin.Length)] + Tables() + text[end..]);
    }

    [Fact]
    public void Every_option_says_what_it_is()
    {
        var silent = DocumentedOptions.Classes
            .SelectMany(pair => DocumentedOptions.Of(pair.Section, pair.Type))
            .Where(option => option.Meaning.Length == 0)
            .Select(option => $"{option.Key} has no docstring.");

        Faults.None(silent);
    }

    [Fact]
    public void Every_options_file_is_seen()
    {
        var files = Repository.CSharp("src")
            .Where(file => file.EndsWith("Options.cs", StringComparison.Ordinal))
            // What callers of a library and users of a command set is no configuration of the server.
            .Where(file => !file.StartsWith("src/Pilothouse.Cli", StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file));

        Assert.Equal(files.Order(StringComparer.Ordinal), DocumentedOptions.Classes.Select(pair => pair.Type.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Sections_have_one_owner() => Assert.Equal(
        DocumentedOptions.Classes.Count, DocumentedOptions.Classes.DistinctBy(pair => pair.Section, StringComparer.Ordinal).Count());

    [Fact]
    public void Option_is_written_as_one_row() => Assert.Equal(
        "| `Sample:WaitLimit` | `PILOTHOUSE_Sample__WaitLimit` | `[d.]hh:mm:ss` | `00:00:05` | `00:00:00.500` – `1.00:00:00` | Waits for `X`, at most `CopyBytes` long. |\n"
        + "| `Sample:CopyBytes` | `PILOTHOUSE_Sample__CopyBytes` | bytes | `2097152` (2 MiB) | `0` – any | Of one copy. |",
        string.Join('\n', DocumentedOptions.Of("Sample", typeof(SampleOptions))));

    private static string Tables()
    {
        var text = new StringBuilder();
        foreach (var (section, type) in DocumentedOptions.Classes)
        {
            text.Append('\n').Append("### ").Append(section).Append("\n\n");
            if (WrittenDocs.Of(type) is { } about) text.Append(about).Append("\n\n");
            text.Append("| Key | Environment variable | Unit | Default | Limits | What it is |\n|---|---|---|---|---|---|\n");
            foreach (var option in DocumentedOptions.Of(section, type)) text.Append(option).Append('\n');
        }

        return text.Append('\n').ToString();
    }

    /// <summary>What an option class looks like.</summary>
    internal sealed class SampleOptions
    {
        /// <summary>Waits for <c>X</c>, at most <see cref="CopyBytes"/> long.</summary>
        [System.ComponentModel.DataAnnotations.Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")]
        public TimeSpan WaitLimit { get; set; } = TimeSpan.FromSeconds(5);

        /// <summary>Of one copy.</summary>
        [System.ComponentModel.DataAnnotations.Range(0, long.MaxValue)]
        public long CopyBytes { get; set; } = 2L << 20;
    }
}
