using System.Globalization;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process.Probing;

/// <summary>
/// Whether the server that answers on a port is the replica's own. Two replicas answer a health probe alike, so that one which did not get its port would else
/// be taken for ready.
/// </summary>
internal static class PortOwner
{
    private const string Listening = "0A";
    private const int StateField = 3;
    private const int InodeField = 9;

    /// <returns>False only when the port is surely somebody else's.</returns>
    public static bool MayBeOf(int port, int leader, Members members)
    {
        var sockets = Listeners(port);
        if (sockets.Count == 0 || Holds(leader, sockets)) return true;
        return members.Find().Any(entry => Holds(entry.Identity.Id, sockets));
    }

    /// <returns>Links as <c>/proc/PID/fd</c> shows them: <c>socket:[12345]</c>.</returns>
    private static HashSet<string> Listeners(int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            foreach (var line in (ProcessTable.ReadText(file) ?? "").Split('\n').Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > InodeField && fields[StateField] is Listening && fields[1].EndsWith(suffix, StringComparison.Ordinal))
                    found.Add($"socket:[{fields[InodeField]}]");
            }
        }

        return found;
    }

    private static bool Holds(int process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{process}/fd")
                .Any(descriptor => new FileInfo(descriptor).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            // Not ours to see, so not surely somebody else's; but the kernel hides also what has ended, and that holds nothing.
            return ProcessTable.Find(process) is { IsAlive: true };
        }
    }
}
