using Microsoft.Extensions.Options;
using Pilothouse.Core;

namespace Pilothouse.Listener.State;

/// <summary>Copies of a deployment's state folder, so that a server which damages its files can be put back. Synchronous: callers are held.</summary>
internal sealed class StateCopies(DataFolders folders, IOptions<ListenerOptions> options)
{
    private const string Unfinished = ".partial";

    /// <summary>
    /// Copies the folder as it is now, also an empty one; call only while nothing writes to it. Older copies beyond the number to keep are removed.
    /// </summary>
    /// <param name="name">Sorts by time, e.g. <c>20261124T100500123Z-1-to-2</c>.</param>
    /// <returns>The name; null when there is more than may be copied while callers wait.</returns>
    /// <exception cref="IOException">The copy could not be made; the folder is untouched.</exception>
    public string? Take(DeploymentId deployment, string name, CancellationToken cancellationToken)
    {
        var state = folders.State(deployment);
        if (FolderTree.Measure(state).Bytes > options.Value.StateCopyLimitBytes) return null;

        var copies = folders.Copies(deployment);
        var partial = Path.Combine(copies, name + Unfinished);
        FolderTree.Remove(partial);
        if (Directory.Exists(state)) FolderTree.Copy(state, partial, cancellationToken);
        else Directory.CreateDirectory(partial);
        var whole = Path.Combine(copies, name);
        FolderTree.Remove(whole);
        Directory.Move(partial, whole);
        Prune(deployment, name);
        return name;
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<string> List(DeploymentId deployment) => Directory.Exists(folders.Copies(deployment))
        ? [.. Directory.EnumerateDirectories(folders.Copies(deployment))
            .Select(folder => Path.GetFileName(folder))
            .Where(name => !name.EndsWith(Unfinished, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)]
        : [];

    public FolderSize Measure(DeploymentId deployment, string name) =>
        FolderTree.Measure(Path.Combine(folders.Copies(deployment), name));

    /// <summary>
    /// Puts the folder back as it was, when it differs, by moving the copy: at once, and without needing room on a full disk. May be cut off
    /// anywhere and repeated.
    /// </summary>
    /// <returns>Whether anything had to be put back.</returns>
    public bool Restore(DeploymentId deployment, string name)
    {
        var state = folders.State(deployment);
        var copy = Path.Combine(folders.Copies(deployment), name);
        if (!Directory.Exists(copy) || FolderTree.AreSame(state, copy)) return false;

        var replaced = Path.Combine(folders.Copies(deployment), "replaced" + Unfinished);
        FolderTree.Remove(replaced);
        Directory.CreateDirectory(Path.GetDirectoryName(state)!);
        if (Directory.Exists(state)) Directory.Move(state, replaced);
        Directory.Move(copy, state);
        FolderTree.Remove(replaced);
        return true;
    }

    /// <summary>What a copy or a putting back that was cut off left.</summary>
    public void RemoveUnfinished(DeploymentId deployment)
    {
        var copies = folders.Copies(deployment);
        if (!Directory.Exists(copies)) return;
        foreach (var partial in Directory.EnumerateDirectories(copies, "*" + Unfinished)) FolderTree.Remove(partial);
    }

    /// <summary>Empty copies serve the switch that took them and no other.</summary>
    private void Prune(DeploymentId deployment, string newest)
    {
        RemoveUnfinished(deployment);
        var older = List(deployment).Where(name => !string.Equals(name, newest, StringComparison.Ordinal)).ToList();
        var empty = older.Where(name => Measure(deployment, name).Files == 0).ToList();
        foreach (var old in empty.Concat(older.Except(empty, StringComparer.Ordinal).SkipLast(options.Value.StateCopies - 1)))
            FolderTree.Remove(Path.Combine(folders.Copies(deployment), old));
    }
}
