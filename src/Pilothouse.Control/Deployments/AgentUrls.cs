using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>The gateway's addresses, as far as answers carry them.</summary>
public sealed class AgentUrlOptions
{
    public const string Section = "Gateway";

    /// <summary>e.g. <c>https://pilothouse.corp</c>; null: as the request was addressed.</summary>
    [RegularExpression(@"https?://[^\s/]+(/[^\s]*)?")]
    public string? PublicUrl { get; set; }

    /// <summary>Wildcard domain of the agents, e.g. <c>agents.corp</c>, a port included where it is not the scheme's own; null: none.</summary>
    [RegularExpression(@"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?")]
    public string? Domain { get; set; }
}

[OptionsValidator]
internal sealed partial class AgentUrlOptionsValidator : IValidateOptions<AgentUrlOptions>;

/// <summary>Where agents answer: known from a deployment's creation on, and for ever.</summary>
internal sealed class AgentUrls(IOptions<AgentUrlOptions> options)
{
    public AgentUrlBase For(HttpRequest request)
    {
        var root = options.Value.PublicUrl?.TrimEnd('/') ?? $"{request.Scheme}://{request.Host.ToUriComponent()}";
        return new AgentUrlBase(root, options.Value.Domain);
    }
}

/// <param name="Root">Without a slash at its end.</param>
/// <param name="Domain">Null: agents answer below <c>{root}/lgp/</c>.</param>
internal sealed record AgentUrlBase(string Root, string? Domain)
{
    public string Of(string name, Guid deployment)
    {
        var label = RouteLabel.Of(name, new DeploymentId(deployment));
        return Domain is null ? $"{Root}/lgp/{label}" : $"{Root[..Root.IndexOf("://", StringComparison.Ordinal)]}://{label}.{Domain}";
    }
}
