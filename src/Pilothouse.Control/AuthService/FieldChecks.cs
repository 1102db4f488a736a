using Pilothouse.Control.Errors;

namespace Pilothouse.Control.AuthService;

internal static class FieldChecks
{
    /// <summary>Asks a rule of a text that came in the right shape, and of no stand-in.</summary>
    /// <param name="read">Reads the field, adding its faults of shape.</param>
    /// <param name="faultOf">Null for a good text, else what is wrong with it, e.g. <c>should not be empty</c>.</param>
    public static string? Checked(this BodyReader body, RequestFaults faults, string field, Func<string?> read, Func<string, string?> faultOf)
    {
        var before = faults.List.Count;
        var text = read();
        if (text is not null && faults.List.Count == before && body.Has(field) && faultOf(text) is { } fault) body.Refuse(field, fault);
        return text;
    }

    public static string? FaultOfText(string text) =>
        string.IsNullOrWhiteSpace(text) ? "should not be empty" : text.Any(char.IsControl) ? "should not have control characters" : null;
}
