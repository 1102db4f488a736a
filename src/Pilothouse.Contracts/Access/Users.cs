namespace Pilothouse.Contracts.Access;

/// <summary>A person of the organization.</summary>
public sealed record User
{
    public required Guid Id { get; init; }
    public required string Email { get; init; }
    public required string Name { get; init; }

    /// <summary>Of the user's tokens; null for one with keys alone.</summary>
    public string? Issuer { get; init; }

    public string? Subject { get; init; }

    /// <summary><c>admin</c> (everything, in every workspace) or <c>member</c>.</summary>
    public required string OrganizationRole { get; init; }

    public required bool IsDisabled { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Oldest first.</summary>
/// <param name="Offset">To send for the next page.</param>
public sealed record UsersList(IReadOnlyList<User> Resources, int Offset);

/// <summary>A user to be made.</summary>
public sealed record UserCreate
{
    public required string Email { get; init; }
    public string? Name { get; init; }

    /// <summary>The configured one when null and there is a subject.</summary>
    public string? Issuer { get; init; }

    /// <summary>The user's name at the issuer (<c>sub</c>).</summary>
    public string? Subject { get; init; }

    /// <summary><c>admin member</c>; member by default.</summary>
    public string? OrganizationRole { get; init; }
}

/// <summary>What is null stays as it is.</summary>
public sealed record UserPatch
{
    public string? Email { get; init; }
    public string? Name { get; init; }
    public string? OrganizationRole { get; init; }

    /// <summary>True stops the user's keys and tokens at once.</summary>
    public bool? IsDisabled { get; init; }
}

/// <summary>A user in a workspace.</summary>
public sealed record Member
{
    public required Guid UserId { get; init; }
    public required string Email { get; init; }
    public required string Name { get; init; }
    public required string Role { get; init; }
    public required bool IsDisabled { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Oldest first.</summary>
/// <param name="Offset">To send for the next page.</param>
public sealed record MembersList(IReadOnlyList<Member> Resources, int Offset);

/// <summary>What a member may.</summary>
public sealed record MemberSet(string Role);
