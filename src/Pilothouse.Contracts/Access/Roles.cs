namespace Pilothouse.Contracts.Access;

/// <summary>What its holders may do.</summary>
public sealed record Role
{
    public required string Name { get; init; }
    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>Always there, and never deleted.</summary>
    public required bool IsBuiltIn { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>The built-in ones first, then by name.</summary>
/// <param name="Offset">To send for the next page.</param>
public sealed record RolesList(IReadOnlyList<Role> Resources, int Offset);

/// <summary>A role to be made; it is never changed afterwards.</summary>
/// <param name="Name">Lower case letters, digits, <c>-</c> and <c>_</c>; at most 63.</param>
/// <param name="Permissions">E.g. <c>deployments:read</c>; only those that the maker has.</param>
public sealed record RoleCreate(string Name, IReadOnlyList<string> Permissions);
