using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>A version as npm orders them (semver.org 2.0.0); build metadata is dropped.</summary>
/// <param name="Prerelease">E.g. <c>rc.1</c>; empty for a release.</param>
internal readonly record struct SemanticVersion(int Major, int Minor, int Patch, string Prerelease = "") : IComparable<SemanticVersion>
{
    /// <summary>Comes before every other version with these three numbers, pre-releases too.</summary>
    public static SemanticVersion FirstOf(int major, int minor, int patch) => new(major, minor, patch, "0");

    /// <param name="text">Exactly one version, e.g. <c>v1.2.3-rc.1+5</c>; not a range.</param>
    public static bool TryParse(string? text, out SemanticVersion version)
    {
        version = default;
        if (text is null) return false;
        text = text.Trim().TrimStart('v', '=').Split('+')[0];
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var prerelease = dash < 0 ? "" : text[(dash + 1)..];
        var numbers = (dash < 0 ? text : text[..dash]).Split('.');
        if (numbers.Length != 3 || (dash >= 0 && prerelease.Length == 0)) return false;
        if (!TryNumber(numbers[0], out var major) || !TryNumber(numbers[1], out var minor) || !TryNumber(numbers[2], out var patch)) return false;
        version = new(major, minor, patch, prerelease);
        return true;
    }

    public int CompareTo(SemanticVersion other)
    {
        var numbers = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        return numbers != 0 ? numbers : ComparePrereleases(Prerelease, other.Prerelease);
    }

    public static bool operator <(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) >= 0;

    public override string ToString() =>
        Prerelease.Length == 0 ? $"{Major}.{Minor}.{Patch}" : $"{Major}.{Minor}.{Patch}-{Prerelease}";

    internal static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    [SuppressMessage("Style", "IDE0046", Justification = "Four rules of the standard read better as four lines.")]
    private static int ComparePrereleases(string left, string right)
    {
        if (string.Equals(left, right, StringComparison.Ordinal)) return 0;
        if (left.Length == 0) return 1;
        if (right.Length == 0) return -1;

        var (lefts, rights) = (left.Split('.'), right.Split('.'));
        foreach (var (one, two) in lefts.Zip(rights))
        {
            var (oneIsNumber, twoIsNumber) = (TryNumber(one, out var oneNumber), TryNumber(two, out var twoNumber));
            var order = (oneIsNumber, twoIsNumber) switch
            {
                (true, true) => oneNumber.CompareTo(twoNumber),
                (true, false) => -1,
                (false, true) => 1,
                _ => string.CompareOrdinal(one, two),
            };
            if (order != 0) return order;
        }

        return lefts.Length.CompareTo(rights.Length);
    }
}
