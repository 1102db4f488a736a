using System.Globalization;

namespace Pilothouse.Client;

/// <summary>Which changes to read; filters are joined by "and", and null filters nothing.</summary>
public sealed record AuditFilter
{
    /// <summary>Of all workspaces; for administrators of the organization.</summary>
    public bool IsOfOrganization { get; init; }

    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>A user or a key.</summary>
    public Guid? Actor { get; init; }

    /// <summary>E.g. <c>create_deployment</c>.</summary>
    public string? Operation { get; init; }

    /// <summary>E.g. <c>deployment</c>.</summary>
    public string? ResourceType { get; init; }

    public string? ResourceId { get; init; }

    /// <summary><c>succeeded refused</c>.</summary>
    public string? Outcome { get; init; }

    /// <summary>1 to 100.</summary>
    public int Limit { get; init; } = 20;

    public int Offset { get; init; }

    internal string ToQuery() => string.Join('&', new (string Name, string? Value)[]
    {
        ("limit", Limit.ToString(CultureInfo.InvariantCulture)),
        ("offset", Offset.ToString(CultureInfo.InvariantCulture)),
        ("scope", IsOfOrganization ? "organization" : null),
        ("start_time", From?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        ("end_time", Until?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        ("actor_id", Actor?.ToString()),
        ("operation", Operation),
        ("resource_type", ResourceType),
        ("resource_id", ResourceId),
        ("outcome", Outcome),
    }.Where(one => one.Value is not null).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}"));
}
