namespace Pilothouse.Server.Listening.Doctor;

internal enum Verdict
{
    Good,

    /// <summary>It works, and somebody should know.</summary>
    Note,

    /// <summary>The listener would not work.</summary>
    Bad,
}

/// <param name="About">What was looked at, e.g. <c>clock</c>.</param>
/// <param name="Saw">One sentence.</param>
/// <param name="Do">What to do; null: nothing.</param>
internal sealed record Finding(string About, Verdict Verdict, string Saw, string? Do = null)
{
    public static Finding Good(string about, string saw) => new(about, Verdict.Good, saw);

    public static Finding Note(string about, string saw, string @do) => new(about, Verdict.Note, saw, @do);

    public static Finding Bad(string about, string saw, string @do) => new(about, Verdict.Bad, saw, @do);
}
