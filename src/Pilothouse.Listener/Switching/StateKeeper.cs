using Microsoft.Extensions.Logging;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core;
using Pilothouse.Listener.Reconciling;
using Pilothouse.Listener.State;

namespace Pilothouse.Listener.Switching;

/// <summary>The state folder through a switch: journal and copy always agree, so that a cut-off switch can be finished or undone.</summary>
internal sealed class StateKeeper(
    DataFolders folders, StateCopies copies, SwitchJournal journal, TimeProvider time, ILogger<StateKeeper> logger)
{
    public SwitchRecord? Last(DeploymentId deployment) => journal.Read(deployment);

    public FolderSize Measure(DeploymentId deployment) => FolderTree.Measure(folders.State(deployment));

    /// <summary>Null when there is no earlier copy.</summary>
    public FolderSize? MeasureNewestCopy(DeploymentId deployment) =>
        copies.List(deployment) is [.., var newest] ? copies.Measure(deployment, newest) : null;

    /// <summary>Before the old replica is asked to stop.</summary>
    /// <returns>Null when it could not be written down; nothing has happened then.</returns>
    public SwitchRecord? TryBeginSwitch(PlannedRevision from, PlannedRevision to, DeploymentId deployment) => TryNote(
        deployment,
        new SwitchRecord(
            from.Id.Value, from.Number, to.Id.Value, to.Number, SwitchStage.Stopping, Copy: null, time.GetUtcNow(), Proof: null));

    /// <summary>After the old replica has stopped, before the new one is started.</summary>
    /// <returns>Null when the copy could not be made; the state is then untouched.</returns>
    public SwitchRecord? TryCopy(DeploymentId deployment, SwitchRecord stopping, CancellationToken cancellationToken)
    {
        try
        {
            var name = $"{time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}-{stopping.FromNumber}-to-{stopping.ToNumber}";
            var copy = copies.Take(deployment, name, cancellationToken);
            return journal.Write(deployment, stopping with { Stage = SwitchStage.Starting, Copy = copy });
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            logger.StateNotCopied(exception, deployment);
            return null;
        }
    }

    /// <returns>Null when it could not be written down: callers must not be let through, as nobody would know after a crash.</returns>
    public SwitchRecord? TryRelease(DeploymentId deployment, SwitchRecord starting) =>
        TryNote(deployment, starting with { Stage = SwitchStage.Released });

    /// <summary>The numbers are worth less than the callers: without room for them they are lost.</summary>
    public void Proved(DeploymentId deployment, SwitchRecord released, SwitchProof proof) => TryNote(deployment, released with { Proof = proof });

    /// <summary>The switch was undone or cut off: puts the state back if the new revision touched it. Nothing may run on the folder.</summary>
    /// <returns>The copy that was used; null when the folder was as it should be.</returns>
    public string? EndSwitch(DeploymentId deployment)
    {
        var record = journal.Read(deployment);
        string? restored = null;
        if (record is { Stage: SwitchStage.Starting, Copy: { } copy } && copies.Restore(deployment, copy))
        {
            logger.StateRestored(deployment, copy);
            restored = copy;
        }

        copies.RemoveUnfinished(deployment);
        journal.Clear(deployment);
        return restored;
    }

    public void RemoveAll(DeploymentId deployment) => folders.RemoveAll(deployment);

    private SwitchRecord? TryNote(DeploymentId deployment, SwitchRecord record)
    {
        try
        {
            return journal.Write(deployment, record);
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            logger.SwitchNotNoted(exception, deployment);
            return null;
        }
    }

    private static bool IsOfDisk(Exception exception) => exception is IOException or UnauthorizedAccessException;
}
