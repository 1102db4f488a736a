using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>
/// A range as npm writes them: <c>^1.2 || ~0.3.1 || &gt;=2 &lt;3 || 1.x || 1.0 - 2.0 || *</c>. A pre-release counts by its place in the order alone;
/// npm's further rule about them only matters for choosing, which is the package manager's business.
/// </summary>
internal sealed partial class VersionRange
{
    private readonly IReadOnlyList<Span> _spans;

    private VersionRange(string text, IReadOnlyList<Span> spans)
    {
        Text = text;
        _spans = spans;
    }

    public string Text { get; }

    /// <summary>Null for what is no range: tags (<c>latest</c>), <c>workspace:</c>, <c>file:</c>, addresses.</summary>
    public static VersionRange? TryParse(string? text)
    {
        if (text is null) return null;
        var spans = new List<Span>();
        foreach (var alternative in text.Split("||"))
        {
            if (ParseAlternative(alternative.Trim()) is not { } span) return null;
            spans.Add(span);
        }

        return new VersionRange(text.Trim(), spans);
    }

    public static VersionRange Parse(string text) =>
        TryParse(text) ?? throw new FormatException($"'{text}' is not a range of versions.");

    public bool Contains(SemanticVersion version) => _spans.Any(span => span.Low <= version && version < span.High);

    /// <summary>Whether any version could be in both.</summary>
    public bool Overlaps(VersionRange other) =>
        _spans.Any(one => other._spans.Any(two => Max(one.Low, two.Low) < Min(one.High, two.High)));

    public override string ToString() => Text;

    private static Span? ParseAlternative(string text)
    {
        if (HyphenRange().Match(text) is { Success: true } hyphen)
            return Partial.TryParse(hyphen.Groups[1].Value) is { } from && Partial.TryParse(hyphen.Groups[2].Value) is { } to
                ? new Span(from.Low, to.High)
                : null;

        var span = Span.Everything;
        foreach (var comparator in SpaceAfterOperator().Replace(text, "$1").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ParseComparator(comparator) is not { } part) return null;
            span = new Span(Max(span.Low, part.Low), Min(span.High, part.High));
        }

        return span;
    }

    private static Span? ParseComparator(string text)
    {
        var sign = text.TakeWhile(letter => letter is '<' or '>' or '=' or '^' or '~').Count();
        if (Partial.TryParse(text[sign..]) is not { } partial) return null;
        return text[..sign] switch
        {
            "" or "=" => new Span(partial.Low, partial.High),
            ">=" => new Span(partial.Low, Span.Everything.High),
            ">" => new Span(partial.High, Span.Everything.High),
            "<" => new Span(Span.Everything.Low, partial.Low),
            "<=" => new Span(Span.Everything.Low, partial.High),
            "~" or "~>" => new Span(partial.Low, partial.Minor is null ? partial.High : SemanticVersion.FirstOf(partial.Major!.Value, partial.Minor.Value + 1, 0)),
            "^" => new Span(partial.Low, partial.CaretHigh),
            _ => null,
        };
    }

    private static SemanticVersion Max(SemanticVersion one, SemanticVersion two) => one > two ? one : two;

    private static SemanticVersion Min(SemanticVersion one, SemanticVersion two) => one < two ? one : two;

    [GeneratedRegex(@"^(\S+)\s+-\s+(\S+)$")]
    private static partial Regex HyphenRange();

    [GeneratedRegex(@"([<>=^~])\s+")]
    private static partial Regex SpaceAfterOperator();

    /// <param name="Low">In the span.</param>
    /// <param name="High">The first one after it.</param>
    private readonly record struct Span(SemanticVersion Low, SemanticVersion High)
    {
        public static Span Everything { get; } = new(SemanticVersion.FirstOf(0, 0, 0), new(int.MaxValue, 0, 0));
    }

    /// <summary><c>1</c>, <c>1.2</c>, <c>1.x</c>, <c>1.2.3-rc.1</c>, <c>*</c>; what is missing is null.</summary>
    private readonly record struct Partial(int? Major, int? Minor, int? Patch, string Prerelease)
    {
        public SemanticVersion Low => (Prerelease, Minor, Patch) switch
        {
            ({ Length: > 0 }, _, _) => new(Major ?? 0, Minor ?? 0, Patch ?? 0, Prerelease),
            (_, not null, not null) => new(Major ?? 0, Minor.Value, Patch.Value),
            _ => SemanticVersion.FirstOf(Major ?? 0, Minor ?? 0, 0),
        };

        public SemanticVersion High => (Major, Minor, Patch) switch
        {
            (null, _, _) => new(int.MaxValue, 0, 0),
            (_, null, _) => SemanticVersion.FirstOf(Major.Value + 1, 0, 0),
            (_, _, null) => SemanticVersion.FirstOf(Major.Value, Minor.Value + 1, 0),
            _ when Prerelease.Length > 0 => new(Major.Value, Minor.Value, Patch.Value, Prerelease + ".0"),
            _ => SemanticVersion.FirstOf(Major.Value, Minor.Value, Patch.Value + 1),
        };

        /// <summary>A caret lets everything change that is right of the first number that is not 0.</summary>
        public SemanticVersion CaretHigh => (Major, Minor, Patch) switch
        {
            ( > 0, _, _) or (0, null, _) => SemanticVersion.FirstOf(Major.Value + 1, 0, 0),
            (0, > 0, _) or (0, 0, null) => SemanticVersion.FirstOf(0, Minor.Value + 1, 0),
            (0, 0, not null) => SemanticVersion.FirstOf(0, 0, Patch.Value + 1),
            _ => High,
        };

        public static Partial? TryParse(string text)
        {
            text = text.TrimStart('v', '=').Split('+')[0];
            if (text.Length == 0) return new(null, null, null, "");
            var dash = text.IndexOf('-', StringComparison.Ordinal);
            var numbers = (dash < 0 ? text : text[..dash]).Split('.');
            if (numbers.Length > 3) return null;
            var parsed = new int?[3];
            for (var i = 0; i < numbers.Length; i++)
            {
                if (numbers[i] is "x" or "X" or "*") break;
                if (!SemanticVersion.TryNumber(numbers[i], out var number)) return null;
                parsed[i] = number;
            }

            return new(parsed[0], parsed[1], parsed[2], dash < 0 ? "" : text[(dash + 1)..]);
        }
    }
}
