using Microsoft.Extensions.Options;
using Pilothouse.Core;

namespace Pilothouse.Listener.State;

/// <summary>Copies of a deployment's state folder, so that a server which damages its files can be put back. Synchronous: callers are held.</summary>
internal sealed class StateCopies(DataFolders folders, IOptions<ListenerOptions> options)
{
    private const string Unfinished = ".partial";

    /// <summary>
    /// Copies the folder as it is now; call only while nothing writes to it. Older copies beyond the number to keep are removed.
    /// </summary>
    /// <param name="name">Sorts by time, e.g. <c>20261124T100500123Z-1-to-2</c>.</param>
    /// <returns>The name; null when there is nothing to copy, or more than may be copied while callers wait.</returns>
    /// <exception cref="IOException">The copy could not be made; the folder is untouched.</exception>
    public string? Take(DeploymentId deployment, string name, CancellationToken cancellationToken)
    {
        var size = FolderTree.Measure(folders.State(deployment));
        if (size.Files == 0 || size.Bytes > options.Value.StateCopyLimitBytes) return null;

        var copies = folders.Copies(deployment);
        var partial = Path.Combine(copies, name + Unfinished);
        FolderTree.Remove(partial);
        FolderTree.Copy(folders.State(deployment), partial, cancellationToken);
        var whole = Path.Combine(copies, name);
        FolderTree.Remove(whole);
        Directory.Move(partial, whole);
        Prune(deployment);
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

    private void Prune(DeploymentId deployment)
    {
        foreach (var partial in Directory.EnumerateDirectories(folders.Copies(deployment), "*" + Unfinished))
            FolderTree.Remove(partial);
        foreach (var old in List(deployment).SkipLast(options.Value.StateCopies))
            FolderTree.Remove(Path.Combine(folders.Copies(deployment), old));
    }
}
