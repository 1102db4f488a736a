namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>
/// What versions a requirement takes (PEP 440): <c>&gt;=1.0,&lt;2</c>, <c>~=1.4</c>, <c>==1.*</c>; empty takes all. <c>!=</c> is read past and
/// <c>===</c> taken for <c>==</c>: this only tells what cannot go together, choosing is uv's business.
/// </summary>
internal sealed class VersionSpecifier
{
    private readonly Bound? _low;
    private readonly Bound? _high;

    private VersionSpecifier(string text, Bound? low, Bound? high, PackageVersion? exact)
    {
        (Text, _low, _high, Exact) = (text, low, high, exact);
    }

    public string Text { get; }

    /// <summary>The one version of a <c>==1.2.3</c>; else null.</summary>
    public PackageVersion? Exact { get; }

    public static VersionSpecifier Parse(string text) => TryParse(text) ?? throw new FormatException($"'{text}' does not specify versions.");

    /// <summary>Null when it is no specifier.</summary>
    public static VersionSpecifier? TryParse(string text)
    {
        var (low, high, exact) = ((Bound?)null, (Bound?)null, (PackageVersion?)null);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var sign = new string([.. part.TakeWhile(letter => letter is '=' or '<' or '>' or '~' or '!')]);
            var rest = part[sign.Length..].Trim();
            var isWild = sign is "==" or "!=" && rest.EndsWith(".*", StringComparison.Ordinal);
            if (PackageVersion.TryParse(isWild ? rest[..^2] : rest) is not { } version) return null;
            if (sign is "!=") continue;
            if (sign is "==" or "===" && !isWild) exact = version;

            (Bound? from, Bound? to) = sign switch
            {
                "==" when isWild => (new Bound(PackageVersion.FirstOf(version.Numbers), true), new Bound(Next(version.Numbers), false)),
                "==" or "===" => (new Bound(version, true), new Bound(version, true)),
                "~=" when version.Numbers.Count > 1 => (new Bound(version, true), new Bound(Next([.. version.Numbers.SkipLast(1)]), false)),
                ">=" => (new Bound(version, true), null),
                ">" => (new Bound(version, false), null),
                "<=" => (null, new Bound(version, true)),
                "<" => (null, new Bound(version, false)),
                _ => ((Bound?)null, (Bound?)null),
            };
            if (from is null && to is null) return null;
            if (from is { } higher && (low is not { } lowest || higher.IsAbove(lowest))) low = higher;
            if (to is { } lower && (high is not { } highest || lower.IsBelow(highest))) high = lower;
        }

        return new VersionSpecifier(text.Trim(), low, high, exact);
    }

    public bool Contains(PackageVersion version) => IsPossible(_low, new Bound(version, true)) && IsPossible(new Bound(version, true), _high);

    /// <summary>Whether any version could be in both.</summary>
    public bool Overlaps(VersionSpecifier other) =>
        IsPossible(_low, _high) && IsPossible(other._low, other._high) && IsPossible(_low, other._high) && IsPossible(other._low, _high);

    public override string ToString() => Text.Length == 0 ? "any version" : Text;

    private static bool IsPossible(Bound? low, Bound? high)
    {
        if (low is not { } from || high is not { } to) return true;
        var order = from.Version.ComparedTo(to.Version);
        return order < 0 || (order == 0 && from.IsIn && to.IsIn);
    }

    private static PackageVersion Next(IReadOnlyList<int> numbers) => PackageVersion.FirstOf([.. numbers.SkipLast(1), numbers[^1] + 1]);

    private readonly record struct Bound(PackageVersion Version, bool IsIn)
    {
        public bool IsAbove(Bound other) => Version.ComparedTo(other.Version) is var order && (order > 0 || (order == 0 && !IsIn));

        public bool IsBelow(Bound other) => Version.ComparedTo(other.Version) is var order && (order < 0 || (order == 0 && !IsIn));
    }
}
