using System.Text.RegularExpressions;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Access;

/// <summary>Names that people give.</summary>
internal static partial class NameText
{
    public const int MaxLength = 128;
    private const int MaxEmailLength = 254; // RFC 5321, 4.5.3.1

    public static string Required(BodyReader body, string field) => Checked(body, field, body.Text(field, MaxLength)) ?? "";

    public static string? Optional(BodyReader body, string field) =>
        body.OptionalText(field, MaxLength) is { } text ? Checked(body, field, text) : null;

    /// <summary>Lower case.</summary>
    public static string? Email(BodyReader body, string field, bool isRequired)
    {
        var text = isRequired ? body.Text(field, MaxEmailLength) : body.OptionalText(field, MaxEmailLength);
        if (text is null || !body.Has(field)) return null;
        if (EmailForm().IsMatch(text)) return text.ToLowerInvariant();
        body.Refuse(field, "not an email address");
        return null;
    }

    /// <summary>A new role's name.</summary>
    public static string Role(BodyReader body, string field)
    {
        var text = body.Text(field, MaxLength);
        if (body.Has(field) && !RoleForm().IsMatch(text)) body.Refuse(field, "must be lower case letters, digits, '-' and '_', at most 63, and begin with a letter");
        return text;
    }

    private static string? Checked(BodyReader body, string field, string text)
    {
        if (!body.Has(field)) return null;
        if (!string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl)) return text.Trim();
        body.Refuse(field, "must not be blank, nor hold control characters");
        return null;
    }

    [GeneratedRegex(@"\A[^@\s\p{C}]+@[^@\s\p{C}]+\z")]
    private static partial Regex EmailForm();

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,62}\z")]
    private static partial Regex RoleForm();
}
