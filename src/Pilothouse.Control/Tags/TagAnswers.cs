using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Tags;

internal static class TagAnswers
{
    public static TagKey Of(TagKeyRow row) => new()
    {
        Id = row.Id,
        Key = row.Key,
        Description = row.Description,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };

    public static TagValue Of(TagValueRow row) => new()
    {
        Id = row.Id,
        TagKeyId = row.TagKeyId,
        Value = row.Value,
        Description = row.Description,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };

    public static Tagging Of(TaggingRow row) => new()
    {
        Id = row.Id,
        TagValueId = row.TagValueId,
        ResourceType = TaggedKinds.Deployment,
        ResourceId = row.DeploymentId,
        CreatedAt = row.CreatedAt,
    };
}

internal static class TagRejections
{
    public static Rejection KeyNotFound(Guid key) => new(Codes.NotFound, $"Tag key ID {key} not found.");

    public static Rejection ValueNotFound(Guid value) => new(Codes.NotFound, $"Tag value ID {value} not found.");

    public static Rejection TaggingNotFound(Guid tagging) => new(Codes.NotFound, $"Tagging ID {tagging} not found.");

    public static Rejection KeyTaken(string key) => new(Codes.NameTaken, $"A tag key '{key}' exists in this workspace.");

    public static Rejection ValueTaken(string value) => new(Codes.NameTaken, $"A value '{value}' of this tag key exists.");
}
