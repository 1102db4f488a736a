using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <param name="Active">The revision that serves; null when none does.</param>
/// <param name="Latest">Null before the first revision.</param>
/// <param name="Pin">Of an earlier rollback.</param>
/// <param name="PinRevision">The revision that it made.</param>
internal sealed record RollbackSituation(RevisionRow? Active, RevisionRow? Latest, PinRow? Pin, RevisionRow? PinRevision);

/// <summary>What a wish to roll back comes to. Pure.</summary>
internal static class RollbackPlanner
{
    /// <summary>Where nobody says: one more step back from where it is.</summary>
    /// <returns>The target is the newest deployed revision below this number; null when nothing serves.</returns>
    public static int? DefaultBelow(RollbackSituation situation) => situation.Pin?.TargetNumber ?? situation.Active?.Number;

    /// <summary>The rollback that is under way is meant, not another step.</summary>
    public static bool IsUnderWay(RollbackSituation situation) => situation is { Pin: not null, PinRevision.Status: var status } && !status.IsTerminal();

    /// <summary>It was done already, or is being done.</summary>
    public static bool IsRepeated(RollbackSituation situation, Guid target)
    {
        if (situation is not { Pin: { } pin, PinRevision: { } made }) return false;
        if (target != pin.TargetRevisionId && target != pin.RevisionId) return false;
        return !made.Status.IsTerminal()
            || (made.Status == RevisionStatus.Deployed && made.Id == situation.Active?.Id && made.Id == situation.Latest?.Id);
    }

    /// <returns>Null: it may be done.</returns>
    public static Rejection? Refuse(RollbackSituation situation, RevisionRow target)
    {
        if (target.Status != RevisionStatus.Deployed)
            return Conflict($"Revision {target.Number} is {target.Status.ToWire()}: only a revision that was deployed can be rolled back to.");
        if (situation.Pin is { } pin && target.Number >= pin.LeftNumber && target.Number < pin.RevisionNumber)
            return Conflict(
                $"Revision {target.Number} is what the rollback to revision {pin.TargetNumber} left: POST /v2/deployments/{target.DeploymentId}/resume, and redeploy it.");
        if (situation.Pin is null && target.Id == situation.Latest?.Id)
            return Conflict($"Revision {target.Number} is the newest revision: there is nothing to roll back from.");
        return null;
    }

    public static Rejection NothingBefore(int? number) => Conflict(number is { } known
        ? $"No revision before revision {known} was deployed: there is nothing to roll back to."
        : "No revision serves, so there is none before it: name the revision to roll back to.");

    private static Rejection Conflict(string message) => new(Codes.Conflict, message);
}
