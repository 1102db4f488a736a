using Pilothouse.Core;

namespace Pilothouse.Listener.Reporting;

/// <summary>What a listener says about a revision, in the order in which one replaces another.</summary>
internal enum ClaimPhase
{
    Deploying,

    /// <summary>Not healthy within its limit; still starting.</summary>
    Late,
    Failed,
    Deployed,
    Deleted,
}

internal static class ClaimPhases
{
    /// <summary>For people and golden files; the wire says <c>failed</c> for late ones too.</summary>
    public static string ToText(this ClaimPhase phase) => phase switch
    {
        ClaimPhase.Deploying => "deploying",
        ClaimPhase.Late => "late",
        ClaimPhase.Failed => "failed",
        ClaimPhase.Deployed => "deployed",
        _ => "deleted",
    };

    public static string ToWire(this ClaimPhase phase) => phase == ClaimPhase.Late ? "failed" : phase.ToText();
}

/// <param name="Revision">Null for <see cref="ClaimPhase.Deleted"/>.</param>
internal sealed record Claim(long Generation, RevisionId? Revision, ClaimPhase Phase, string? Message);
