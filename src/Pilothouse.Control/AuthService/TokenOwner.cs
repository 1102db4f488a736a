using Pilothouse.Control.Access;

namespace Pilothouse.Control.AuthService;

/// <summary>
/// Whose a token is, within its workspace. The kinds are apart, so that no end user's id, which callers make up, is ever that of a caller.
/// </summary>
internal static class TokenOwner
{
    public const int MaxIdLength = 256;

    /// <summary>The user or key behind a call.</summary>
    public static string OfCaller(Guid subject) => $"caller:{subject:D}";

    /// <summary>An end user of the workspace's agents, under the id that the agents know.</summary>
    public static string OfEndUser(string id) => $"user:{id}";

    /// <summary>Nobody but the agent.</summary>
    public static string OfAgent(string agent) => $"agent:{agent}";

    public static bool IsAgent(string owner) => owner.StartsWith("agent:", StringComparison.Ordinal);

    /// <summary>May use tokens that are not its own: those of end users and of agents. Whoever may deploy agents may, since agents do.</summary>
    public static bool MayActForOthers(Caller caller) => caller.May(Permissions.Create);
}
