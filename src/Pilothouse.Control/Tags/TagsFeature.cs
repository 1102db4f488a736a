using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Tags;

/// <summary>Resource tags, with paths and shapes as LangSmith has them; an extension of the contract, which knows their filter only.</summary>
internal static class TagsFeature
{
    /// <summary>Of every path here: the caller's own workspace.</summary>
    public const string Root = "/v1/workspaces/current";

    public static IServiceCollection AddTags(this IServiceCollection services)
    {
        services.AddSingleton<TagStore>();
        services.AddSingleton<TaggingStore>();
        services.AddSingleton<ReadTags>();
        return services;
    }

    public static void MapTags(this IEndpointRouteBuilder routes)
    {
        TagKeyEndpoints.Map(routes);
        TagValueEndpoints.Map(routes);
        TaggingEndpoints.Map(routes);
    }
}
