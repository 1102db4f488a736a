using Pilothouse.Contracts;
using Pilothouse.Core;

namespace Pilothouse.Control.Errors;

/// <summary>
/// Faults of meaning in one request, answered together as a 400. What the contract's schema already excludes is a fault of shape and belongs
/// in <see cref="RequestFaults"/>.
/// </summary>
internal sealed class Refusals
{
    /// <summary>More would help nobody read the first.</summary>
    private const int MaxShown = 20;

    private readonly List<Rejection> _all = [];

    public int Count => _all.Count;

    /// <param name="message">One sentence that names the field; never the value of a secret.</param>
    /// <param name="code">A code that is answered 400.</param>
    public void Add(string message, string code = Codes.Invalid) => _all.Add(new Rejection(code, message));

    /// <summary>Null when there is nothing to refuse. A single fault keeps its text as it is, since clients match on some.</summary>
    public Rejection? ToRejection() => _all.Count switch
    {
        0 => null,
        1 => _all[0],
        <= MaxShown => _all[0] with { Message = string.Join("; ", _all.Select(one => one.Message)) },
        _ => _all[0] with { Message = $"{string.Join("; ", _all.Take(MaxShown).Select(one => one.Message))}; and {_all.Count - MaxShown} more" },
    };
}
