using System.Security.Cryptography;
using System.Text;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>Names for deployments that a request addresses by agent and environment.</summary>
internal static class AgentNames
{
    private const int SuffixLength = 8;

    /// <summary>
    /// In the order of preference: <c>{agent}-{environment}</c> where the agent's id fits as it is, then with digits that make it the agent's own.
    /// Deterministic, so that a repeated request meets the name that the first one took.
    /// </summary>
    public static IReadOnlyList<string> Candidates(AgentReference agent)
    {
        var slug = Slug(agent.AgentId);
        var plain = $"{slug}-{agent.Environment}";
        var suffix = $"-{Digits(agent.AgentId)}-{agent.Environment}";
        var digested = $"{slug[..Math.Min(slug.Length, RouteLabel.MaxNameLength - suffix.Length)].TrimEnd('-')}{suffix}";
        return string.Equals(slug, agent.AgentId, StringComparison.Ordinal) && plain.Length <= RouteLabel.MaxNameLength ? [plain, digested] : [digested];
    }

    private static string Slug(string agentId)
    {
        var slug = new StringBuilder();
        foreach (var character in agentId)
        {
            if (char.IsAsciiLetterOrDigit(character)) slug.Append(char.ToLowerInvariant(character));
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        }

        var trimmed = slug.ToString().TrimEnd('-');
        if (trimmed.Length == 0) return "agent";
        return char.IsAsciiLetter(trimmed[0]) ? trimmed : $"a{trimmed}";
    }

    private static string Digits(string agentId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(agentId)))[..SuffixLength];
}
