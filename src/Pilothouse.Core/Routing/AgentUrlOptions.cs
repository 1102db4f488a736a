using System.ComponentModel.DataAnnotations;

namespace Pilothouse.Core.Routing;

/// <summary>Where callers reach agents: the gateway answers there, and the API says so.</summary>
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
