using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;

namespace Pilothouse.Client;

/// <summary>Resource tags: what deployments are sorted by.</summary>
public sealed partial class PilothouseClient
{
    private const string TagKeysPath = "v1/workspaces/current/tag-keys";
    private const string TaggingsPath = "v1/workspaces/current/taggings";

    /// <summary>Keys with everything they can be, by key.</summary>
    public Task<IReadOnlyList<TagKeyWithValues>> ListTagsAsync(CancellationToken cancellationToken = default) =>
        GetAsync("v1/workspaces/current/tags", ApiJson.Default.IReadOnlyListTagKeyWithValues, cancellationToken);

    /// <summary>409 when the workspace has the key already.</summary>
    public Task<TagKey> CreateTagKeyAsync(TagKeyCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, TagKeysPath, wanted, ApiJson.Default.TagKeyCreate, ApiJson.Default.TagKey, cancellationToken);

    public Task<TagKey> PatchTagKeyAsync(Guid key, TagKeyPatch patch, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, $"{TagKeysPath}/{key}", patch, ApiJson.Default.TagKeyPatch, ApiJson.Default.TagKey, cancellationToken);

    /// <summary>Its values and their taggings go with it.</summary>
    public Task DeleteTagKeyAsync(Guid key, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"{TagKeysPath}/{key}", null, null, null, cancellationToken);

    /// <summary>409 when the key has the value already.</summary>
    public Task<TagValue> CreateTagValueAsync(Guid key, TagValueCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, $"{TagKeysPath}/{key}/tag-values", wanted, ApiJson.Default.TagValueCreate, ApiJson.Default.TagValue, cancellationToken);

    public Task<TagValue> PatchTagValueAsync(Guid key, Guid value, TagValuePatch patch, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Patch, $"{TagKeysPath}/{key}/tag-values/{value}", patch, ApiJson.Default.TagValuePatch, ApiJson.Default.TagValue, cancellationToken);

    /// <summary>Its taggings go with it.</summary>
    public Task DeleteTagValueAsync(Guid key, Guid value, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"{TagKeysPath}/{key}/tag-values/{value}", null, null, null, cancellationToken);

    /// <summary>409 when the deployment has the value already.</summary>
    public Task<Tagging> TagDeploymentAsync(Guid deployment, Guid value, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, TaggingsPath, new TaggingCreate(value, TaggedKinds.Deployment, deployment), ApiJson.Default.TaggingCreate, ApiJson.Default.Tagging,
        cancellationToken);

    /// <summary>Takes a value off.</summary>
    public Task DeleteTaggingAsync(Guid tagging, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"{TaggingsPath}/{tagging}", null, null, null, cancellationToken);

    /// <summary>What a deployment is tagged with, by key.</summary>
    public Task<IReadOnlyList<TagKeyOnResource>> TagsOfDeploymentAsync(Guid deployment, CancellationToken cancellationToken = default) => GetAsync(
        $"v1/workspaces/current/tags/resource?resource_type={TaggedKinds.Deployment}&resource_id={deployment}",
        ApiJson.Default.IReadOnlyListTagKeyOnResource, cancellationToken);

    /// <summary>Values that something has, and what has them.</summary>
    /// <param name="value">Only this one; null: all.</param>
    public Task<IReadOnlyList<TaggedResources>> ListTaggedAsync(Guid? value = null, CancellationToken cancellationToken = default) => GetAsync(
        value is { } one ? $"{TaggingsPath}?tag_value_id={one}" : TaggingsPath, ApiJson.Default.IReadOnlyListTaggedResources, cancellationToken);
}
