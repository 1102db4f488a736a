using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Deployments;

[OptionsValidator]
internal sealed partial class AgentUrlOptionsValidator : IValidateOptions<AgentUrlOptions>;

/// <summary>Where agents answer: known from a deployment's creation on, and for ever.</summary>
internal sealed class AgentUrls(IOptions<AgentUrlOptions> options)
{
    public AgentUrlBase For(HttpRequest request)
    {
        var root = options.Value.PublicUrl ?? $"{request.Scheme}://{request.Host.ToUriComponent()}";
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
