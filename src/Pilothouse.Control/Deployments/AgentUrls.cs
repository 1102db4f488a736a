using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
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
    /// <returns>Null while it is not known where the deployment's listener has its gateway.</returns>
    public string? Of(DeploymentRow row)
    {
        var label = RouteLabel.Of(row.Name, new DeploymentId(row.Id));
        if (row.ListenerId is not null) return row.GatewayUrl is { } gateway ? $"{gateway}/lgp/{label}" : null;
        return Domain is null ? $"{Root}/lgp/{label}" : $"{Root[..Root.IndexOf("://", StringComparison.Ordinal)]}://{label}.{Domain}";
    }
}
