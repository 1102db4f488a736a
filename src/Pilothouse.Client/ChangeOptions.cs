namespace Pilothouse.Client;

/// <summary>How a call that changes something is made.</summary>
public sealed record ChangeOptions
{
    /// <summary>
    /// 1 to 255 visible ASCII characters: the same for the same change, also from another process, within 24 hours. Null: one of the call's own,
    /// which makes its repetitions safe.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Change it only while it is as it was read (<see cref="Answered{T}.Tag"/>); else 412.</summary>
    public string? IfMatch { get; init; }

    /// <summary>Answer once the revision that the call makes has ended, or after so long; at most 10 minutes, in whole seconds.</summary>
    public TimeSpan? Wait { get; init; }
}

/// <summary>An answer with what its headers say.</summary>
/// <param name="Tag">For <see cref="ChangeOptions.IfMatch"/>; null from a control plane that gives none.</param>
/// <param name="IsReplayed">The change was made by an earlier request with the same key.</param>
/// <param name="HasWaited">The wish of <see cref="ChangeOptions.Wait"/> was heard; the revision may still go on when its time was over.</param>
public sealed record Answered<T>(T Value, string? Tag, bool IsReplayed, bool HasWaited);
