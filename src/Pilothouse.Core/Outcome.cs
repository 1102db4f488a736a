namespace Pilothouse.Core;

/// <summary>Why a caller's wish is refused: something the caller can act on.</summary>
/// <param name="Code">A constant of <c>Pilothouse.Contracts.Codes</c>, listed in docs/errors.md.</param>
/// <param name="Message">One sentence: what, which, and what to do. Reaches the caller as it is.</param>
public sealed record Rejection(string Code, string Message);

/// <summary>Either a value or a <see cref="Core.Rejection"/>; never both, never neither.</summary>
public readonly struct Outcome<T>
{
    private readonly T? _value;

    private Outcome(T? value, Rejection? rejection)
    {
        _value = value;
        Rejection = rejection;
    }

    public Rejection? Rejection { get; }

    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Rejection))]
    public bool IsAccepted => Rejection is null;

    /// <exception cref="InvalidOperationException">The outcome is a rejection; ask <see cref="IsAccepted"/> first.</exception>
    public T Value => Rejection is null
        ? _value!
        : throw new InvalidOperationException($"The outcome was refused: {Rejection.Code}.");

    public static implicit operator Outcome<T>(T value) => new(value, rejection: null);

    public static implicit operator Outcome<T>(Rejection rejection) => new(default, rejection);
}
