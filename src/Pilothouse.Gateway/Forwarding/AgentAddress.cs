using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Routing;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Which agent a request is for.</summary>
/// <param name="Label">Of the deployment, as the caller spelt it.</param>
/// <param name="Rest">The path that the agent server is to see, decoded, e.g. <c>/runs/wait</c>; never empty.</param>
/// <param name="Prefix">What was before it: <c>/lgp/{label}</c>, or empty when the host names the agent.</param>
internal readonly record struct AgentAddress(string Label, string Rest, string Prefix);

internal sealed class AgentAddresses(IOptions<AgentUrlOptions> options)
{
    private const string PathPrefix = "/lgp/";

    private readonly string? _domainSuffix = options.Value.DomainName is { } domain ? $".{domain}" : null;
    private readonly string? _ownHost = options.Value.OwnHost;

    /// <summary>Whether hosts name agents too; else the path says all.</summary>
    public bool IsByHost => _domainSuffix is not null;

    /// <summary>Null when the request is for no agent. A host that names one wins: below it every path is the agent's.</summary>
    public AgentAddress? Read(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        if (_domainSuffix is not null && HostLabel(request.Host.Host) is { } host)
            return new AgentAddress(host, path.Length == 0 ? "/" : path, Prefix: "");

        if (!path.StartsWith(PathPrefix, StringComparison.OrdinalIgnoreCase)) return null;
        var end = path.IndexOf('/', PathPrefix.Length);
        return end < 0
            ? new AgentAddress(path[PathPrefix.Length..], "/", path)
            : new AgentAddress(path[PathPrefix.Length..end], path[end..], path[..end]);
    }

    /// <summary>The one label before the wildcard domain; the control plane's own host has none. A dot at the end is the root's (RFC 1034).</summary>
    private string? HostLabel(string host)
    {
        var name = host.EndsWith('.') ? host.AsSpan(0, host.Length - 1) : host;
        if (!name.EndsWith(_domainSuffix, StringComparison.OrdinalIgnoreCase) || name.Equals(_ownHost, StringComparison.OrdinalIgnoreCase)) return null;
        var label = name[..^_domainSuffix!.Length];
        return label.IsEmpty || label.Contains('.') ? null : label.ToString();
    }
}
