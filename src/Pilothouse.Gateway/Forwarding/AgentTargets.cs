using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>What an address of an agent stands for; clients ask for the same few again and again, so that it is worked out once.</summary>
/// <param name="rawPath">The agent server's path as it was sent; null where only the decoded one is safe.</param>
internal sealed class AgentTarget(AgentAddress address, string? rawPath)
{
    /// <summary>As it is: <c>%2F</c> in a key of the store is not a slash.</summary>
    private static readonly UriCreationOptions s_asItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private Sent? _last;

    public string Label => address.Label;

    /// <summary>What was in front of the agent server's path; empty when the host named the agent.</summary>
    public string Prefix => address.Prefix;

    /// <summary>The agent server's answers to us, which no caller may ask for, however often the address is escaped.</summary>
    public bool IsPrivate { get; } = IsOurs(address.Rest);

    /// <param name="replica">Scheme, host and port.</param>
    public Uri At(string replica, QueryString query)
    {
        if (query.HasValue) return Make(replica, query);
        if (_last is { } last && ReferenceEquals(last.Replica, replica)) return last.Uri;
        var made = new Sent(replica, Make(replica, query));
        _last = made;
        return made.Uri;
    }

    private Uri Make(string replica, QueryString query) => rawPath is null
        ? RequestUtilities.MakeDestinationAddress(replica, address.Rest, query)
        : new Uri($"{replica}{rawPath}{query.Value}", s_asItIs);

    private static bool IsOurs(string path)
    {
        for (var depth = 0; depth < 5; depth++)
        {
            if (path.Contains(".pilothouse", StringComparison.OrdinalIgnoreCase)) return true;
            var plain = Uri.UnescapeDataString(path);
            if (string.Equals(plain, path, StringComparison.Ordinal)) return false;
            path = plain;
        }

        return true;
    }

    private sealed record Sent(string Replica, Uri Uri);
}

internal sealed class AgentTargets(AgentAddresses addresses)
{
    private const int MaxKept = 4_096;
    private const int LongestKept = 256;
    private readonly ConcurrentDictionary<string, AgentTarget> _kept = new(StringComparer.Ordinal);

    /// <summary>Null when the request is for no agent.</summary>
    public AgentTarget? Read(HttpContext http)
    {
        var raw = http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (_kept.TryGetValue(raw, out var kept)) return kept;
        if (addresses.Read(http.Request) is not { } address) return null;

        var target = new AgentTarget(address, RawPath(raw, address.Prefix));
        if (addresses.IsByHost || raw.Length is 0 or > LongestKept || raw.Contains('?', StringComparison.Ordinal)) return target;
        if (_kept.Count >= MaxKept) _kept.Clear();
        _kept[raw] = target;
        return target;
    }

    /// <summary>The path as it was sent, behind the prefix; null where it was not plain, and the decoded one counts.</summary>
    private static string? RawPath(string raw, string prefix)
    {
        var end = raw.IndexOf('?', StringComparison.Ordinal);
        if (end >= 0) raw = raw[..end];
        if (!raw.StartsWith('/') || !raw.StartsWith(prefix, StringComparison.Ordinal) || raw.AsSpan().ContainsAny('\\', '#')) return null;
        var path = raw[prefix.Length..];
        return path.StartsWith('/') && !path.Contains("/.", StringComparison.Ordinal) && !path.Contains("//", StringComparison.Ordinal)
            && !path.Contains("%2e", StringComparison.OrdinalIgnoreCase) ? path : null;
    }
}
