using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>A version as Python packages have them (PEP 440), e.g. <c>1!2.0.1rc1.post2.dev3+local</c>; the local part is dropped.</summary>
internal sealed partial class PackageVersion
{
    // Places in the order around a release: 1.0.dev0 < 1.0a1 < 1.0b1 < 1.0rc1 < 1.0 < 1.0.post0.
    private const int BeforePrereleases = -1;
    private const int Release = 3;

    private readonly int _epoch;
    private readonly IReadOnlyList<int> _numbers;
    private readonly (int Kind, int Number) _pre;
    private readonly int _post;
    private readonly int _dev;

    private PackageVersion(int epoch, IReadOnlyList<int> numbers, (int, int) pre, int post, int dev, string text)
    {
        (_epoch, _numbers, _pre, _post, _dev, Text) = (epoch, numbers, pre, post, dev, text);
    }

    public string Text { get; }

    public IReadOnlyList<int> Numbers => _numbers;

    public static PackageVersion? TryParse(string? text)
    {
        if (Pattern().Match(text?.Trim().ToLowerInvariant() ?? "") is not { Success: true } match) return null;
        if (Number(match.Groups["epoch"]) is not { } epoch) return null;
        var numbers = match.Groups["release"].Value.Split('.').Select(part => Number(part)).ToArray();
        if (numbers.Contains(null)) return null;

        var isDev = match.Groups["dev"].Success;
        var isPost = match.Groups["post"].Success;
        var pre = match.Groups["pre"].Value switch
        {
            "" => isDev && !isPost ? BeforePrereleases : Release,
            ['a', ..] => 0,
            ['b', ..] => 1,
            _ => 2,
        };
        return Number(match.Groups["preNumber"]) is { } preNumber && Number(match.Groups["postNumber"]) is { } postNumber && Number(match.Groups["devNumber"]) is { } devNumber
            ? new PackageVersion(epoch, [.. numbers.Select(number => number!.Value)], (pre, preNumber), isPost ? postNumber : -1, isDev ? devNumber : int.MaxValue, match.Groups["public"].Value)
            : null;
    }

    public static PackageVersion Parse(string text) => TryParse(text) ?? throw new FormatException($"'{text}' is not a version of a Python package.");

    /// <summary>The first version that begins with these numbers, pre-releases too; e.g. for <c>1, 2</c>: <c>1.2.dev0</c>.</summary>
    public static PackageVersion FirstOf(IEnumerable<int> numbers) => Parse($"{string.Join('.', numbers)}.dev0");

    /// <returns>Below 0: before the other; 0: the same; above 0: after it.</returns>
    public int ComparedTo(PackageVersion other)
    {
        if (_epoch != other._epoch) return _epoch.CompareTo(other._epoch);
        for (var i = 0; i < Math.Max(_numbers.Count, other._numbers.Count); i++)
        {
            var (one, two) = (i < _numbers.Count ? _numbers[i] : 0, i < other._numbers.Count ? other._numbers[i] : 0);
            if (one != two) return one.CompareTo(two);
        }

        return (_pre, _post, _dev).CompareTo((other._pre, other._post, other._dev));
    }

    public override string ToString() => Text;

    private static int? Number(Group group) => group.Length == 0 ? 0 : Number(group.Value);

    private static int? Number(string text) => int.TryParse(text, out var number) ? number : null;

    [GeneratedRegex(
        @"^(?<public>v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\d*))?(?:(?<post>-(?<postNumber>\d+))|(?<post>[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\d*)))?(?<dev>[-_.]?dev[-_.]?(?<devNumber>\d*))?)(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$")]
    private static partial Regex Pattern();
}
