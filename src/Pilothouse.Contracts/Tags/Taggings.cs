namespace Pilothouse.Contracts.Tags;

/// <summary>A value on a thing.</summary>
public sealed record Tagging
{
    public required Guid Id { get; init; }
    public required Guid TagValueId { get; init; }

    /// <summary>One of <see cref="TaggedKinds"/>.</summary>
    public required string ResourceType { get; init; }

    public required Guid ResourceId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Body of <c>POST …/taggings</c>.</summary>
/// <param name="ResourceType">One of <see cref="TaggedKinds"/>.</param>
public sealed record TaggingCreate(Guid TagValueId, string ResourceType, Guid ResourceId);

/// <summary>A value and what has it.</summary>
public sealed record TaggedResources
{
    public required string TagKey { get; init; }
    public required Guid TagKeyId { get; init; }
    public required string TagValue { get; init; }
    public required Guid TagValueId { get; init; }
    public required ResourcesByKind Resources { get; init; }
}

/// <summary>Things by kind; only those that can be tagged here.</summary>
public sealed record ResourcesByKind(IReadOnlyList<TaggedResource> Deployments);

/// <summary>A thing that has a value.</summary>
public sealed record TaggedResource(Guid TaggingId, string ResourceName, string ResourceType, Guid ResourceId);
