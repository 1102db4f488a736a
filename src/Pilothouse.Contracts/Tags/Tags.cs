namespace Pilothouse.Contracts.Tags;

/// <summary>A word that a workspace sorts its deployments by, e.g. <c>team</c>.</summary>
public record TagKey
{
    public required Guid Id { get; init; }

    /// <summary>Unique in the workspace.</summary>
    public required string Key { get; init; }

    public string? Description { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A key and everything it can be.</summary>
public sealed record TagKeyWithValues : TagKey
{
    /// <summary>By value.</summary>
    public required IReadOnlyList<TagValue> Values { get; init; }
}

/// <summary>A key that a thing is tagged with, and what it is on it.</summary>
public sealed record TagKeyOnResource : TagKey
{
    /// <summary>By value.</summary>
    public required IReadOnlyList<TagValueOnResource> Values { get; init; }
}

/// <summary>What a key may be, e.g. <c>payments</c>.</summary>
public record TagValue
{
    public required Guid Id { get; init; }
    public required Guid TagKeyId { get; init; }

    /// <summary>Unique under its key.</summary>
    public required string Value { get; init; }

    public string? Description { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A value, and the tagging that puts it on the thing asked for.</summary>
public sealed record TagValueOnResource : TagValue
{
    public required IReadOnlyList<Tagging> Taggings { get; init; }
}

/// <summary>Body of <c>POST …/tag-keys</c>.</summary>
/// <param name="Key">At most 128 characters.</param>
public sealed record TagKeyCreate(string Key, string? Description = null);

/// <summary>Body of <c>PATCH …/tag-keys/{id}</c>; null changes nothing.</summary>
public sealed record TagKeyPatch(string? Key = null, string? Description = null);

/// <summary>Body of <c>POST …/tag-values</c>.</summary>
/// <param name="Value">At most 128 characters.</param>
public sealed record TagValueCreate(string Value, string? Description = null);

/// <summary>Body of <c>PATCH …/tag-values/{id}</c>; null changes nothing.</summary>
public sealed record TagValuePatch(string? Value = null, string? Description = null);

/// <summary>What can be tagged here.</summary>
public static class TaggedKinds
{
    public const string Deployment = "deployment";

    public static IReadOnlyList<string> All { get; } = [Deployment];
}
