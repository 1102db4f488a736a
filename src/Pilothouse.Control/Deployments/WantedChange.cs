using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Deployments;

internal static class WantedChange
{
    /// <summary>
    /// What a listener should do about this deployment changes with the caller's transaction. Signal <c>ControlSignals.RevisionChanged</c> after the commit.
    /// </summary>
    public static async Task RaiseAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        row.Generation++;
        row.ChangedAt = await Counters.NextChangeAsync(db, cancellationToken);
    }
}
