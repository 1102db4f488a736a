namespace Pilothouse.Core.Builds;

/// <summary>Builds of one workspace that wait for a turn.</summary>
/// <param name="Since">Of the one that waits longest.</param>
public sealed record WaitingBuilds(WorkspaceId Workspace, DateTimeOffset Since);

/// <summary>Shares the builders out between workspaces: however many builds one of them asks for, the next turn is that of who has least.</summary>
public static class BuildShares
{
    /// <param name="underWay">Builds by workspace, of all control planes; a workspace without any may be missing.</param>
    /// <param name="limit">Builds that one workspace may have under way; null: as many as there are builders.</param>
    /// <returns>Null when nothing waits, or only for workspaces that are at their limit.</returns>
    public static WorkspaceId? Next(IEnumerable<WaitingBuilds> waiting, IReadOnlyDictionary<WorkspaceId, int> underWay, int? limit)
    {
        var turn = waiting
            .Select(one => (one.Workspace, Builds: underWay.GetValueOrDefault(one.Workspace), one.Since))
            .Where(one => one.Builds < (limit ?? int.MaxValue))
            .OrderBy(one => one.Builds).ThenBy(one => one.Since).ThenBy(one => one.Workspace.Value)
            .ToArray();
        return turn.Length == 0 ? null : turn[0].Workspace;
    }
}
