using System.Text.RegularExpressions;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Access;

/// <summary>Names that people give.</summary>
internal static partial class NameText
{
    public const int MaxLength = 128;
    private const int MaxEmailLength = 254; // RFC 5321, 4.5.3.1

    public static string Required(BodyReader body, string field, RequestFaults faults) =>
        Checked(body, field, faults, () => body.Text(field, MaxLength), IsName, "must not be blank, nor hold control characters")?.Trim() ?? "";

    public static string? Optional(BodyReader body, string field, RequestFaults faults) =>
        Checked(body, field, faults, () => body.OptionalText(field, MaxLength), IsName, "must not be blank, nor hold control characters")?.Trim();

    /// <summary>Lower case.</summary>
    public static string? Email(BodyReader body, string field, bool isRequired, RequestFaults faults) => Checked(
        body, field, faults,
        () => isRequired ? body.Text(field, MaxEmailLength) : body.OptionalText(field, MaxEmailLength),
        EmailForm().IsMatch, "not an email address")?.ToLowerInvariant();

    /// <summary>A new role's name.</summary>
    public static string Role(BodyReader body, string field, RequestFaults faults) => Checked(
        body, field, faults,
        () => body.Text(field, MaxLength),
        RoleForm().IsMatch, "must be lower case letters, digits, '-' and '_', at most 63, and begin with a letter") ?? "";

    /// <summary>Null after a fault of shape, which is told already, and after a fault of form, which is told here.</summary>
    private static string? Checked(BodyReader body, string field, RequestFaults faults, Func<string?> read, Func<string, bool> isGood, string fault)
    {
        var before = faults.List.Count;
        var text = read();
        if (text is null || !body.IsPresent || faults.List.Count > before || isGood(text)) return text;
        body.Refuse(field, fault);
        return null;
    }

    private static bool IsName(string text) => !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl);

    [GeneratedRegex(@"\A[^@\s\p{C}]+@[^@\s\p{C}]+\z")]
    private static partial Regex EmailForm();

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,62}\z")]
    private static partial Regex RoleForm();
}
