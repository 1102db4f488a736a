using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Revisions;

/// <summary>How a source relates to the one that a rollback left, as far as whoever offers it can tell (e.g. by ancestry of commits).</summary>
internal enum SourceAge
{
    Unknown,
    SameOrOlder,
    Newer,
}

/// <summary>A start that nobody asks for at this moment: a push, a retry, a place in the queue.</summary>
/// <param name="Mark">See <see cref="SourceMark"/>.</param>
/// <param name="Number">Of a revision that is there already; null for one that would be made.</param>
internal sealed record AutomaticStart(string? Mark, SourceAge Age = SourceAge.Unknown, int? Number = null)
{
    public static AutomaticStart Of(RevisionRow revision) => new(Mark: null, SourceAge.Unknown, revision.Number);
}

internal abstract record StartVerdict
{
    private StartVerdict()
    {
    }

    public sealed record Go : StartVerdict
    {
        public static Go Instance { get; } = new();
    }

    /// <summary>It goes, and the rollback is over.</summary>
    /// <param name="Why">One sentence.</param>
    public sealed record Release(string Why) : StartVerdict;

    /// <param name="Why">One sentence.</param>
    public sealed record Held(string Why) : StartVerdict;
}

/// <summary>The one rule about what a rollback holds back. Pure.</summary>
internal static class PinPlanner
{
    /// <summary>
    /// Everything that nobody asks for at this moment must ask here: today the queue, and whatever makes revisions of pushes. What was there before
    /// the rollback is over; of new sources only what is surely newer than what was left goes on.
    /// </summary>
    /// <param name="pin">Null: nothing was rolled back.</param>
    public static StartVerdict MayStartAutomatically(PinRow? pin, AutomaticStart start)
    {
        if (pin is null) return StartVerdict.Go.Instance;
        if (start.Number is { } number)
        {
            return number >= pin.RevisionNumber
                ? StartVerdict.Go.Instance
                : new StartVerdict.Held($"The deployment was rolled back to revision {pin.TargetNumber} after revision {number} was made.");
        }

        if (Is(start.Mark, pin.TargetMark)) return StartVerdict.Go.Instance;
        if (Is(start.Mark, pin.LeftMark)) return new StartVerdict.Held(Left(pin));
        return start.Age == SourceAge.Newer
            ? new StartVerdict.Release($"A newer source than that of revision {pin.LeftNumber} came, which the rollback to revision {pin.TargetNumber} had left.")
            : new StartVerdict.Held($"The deployment is rolled back to revision {pin.TargetNumber}, and this source is not newer than that of revision {pin.LeftNumber}, which it left.");
    }

    /// <summary>Somebody asks for a revision by PATCH or POST. Programs do that too, so the very source that was left is not taken.</summary>
    /// <param name="namesSource">False: the request changes something else, and carries the source that there is.</param>
    public static StartVerdict MayStartByRequest(PinRow? pin, string? mark, bool namesSource)
    {
        if (pin is null || !namesSource || Is(mark, pin.TargetMark)) return StartVerdict.Go.Instance;
        return Is(mark, pin.LeftMark)
            ? new StartVerdict.Held(Left(pin))
            : new StartVerdict.Release("A request brought another source.");
    }

    private static string Left(PinRow pin) =>
        $"The deployment is rolled back to revision {pin.TargetNumber}, and this is the source of revision {pin.LeftNumber}, which it left.";

    private static bool Is(string? mark, string? other) => mark is not null && string.Equals(mark, other, StringComparison.Ordinal);
}
