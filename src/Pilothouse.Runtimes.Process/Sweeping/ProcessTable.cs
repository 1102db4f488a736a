using System.Globalization;
using System.Text;
using Pilothouse.Runtimes.Process.Native;

namespace Pilothouse.Runtimes.Process.Sweeping;

/// <summary>One process, told apart from a later one of the same number by when it began.</summary>
/// <param name="StartTicks">Clock ticks since boot (field 22 of <c>/proc/PID/stat</c>).</param>
internal sealed record ProcessIdentity(int Id, long StartTicks);

/// <param name="State">Letter of <c>/proc/PID/stat</c>.</param>
internal sealed record ProcessEntry(ProcessIdentity Identity, char State, int Parent, int Group, int Session)
{
    /// <summary>A zombie has ended, though its number is still taken: whoever should reap it may be late.</summary>
    public bool IsAlive => State is not ('Z' or 'X' or 'x');
}

/// <param name="Marker">Beginning at <c>PILOTHOUSE_REPLICA=</c>, with the NUL byte at its end; empty when it has none.</param>
internal sealed record SeenProcess(ProcessEntry Entry, byte[] Marker);

/// <summary>Reads <c>/proc</c>. Everything there may vanish at any moment, and then was not there.</summary>
internal static class ProcessTable
{
    private static readonly byte[] s_marker = Encoding.UTF8.GetBytes(LaunchPlan.MarkerVariable + "=");

    /// <summary>Changes with every boot: numbers and start times of another boot mean nothing.</summary>
    public static string BootId { get; } = ReadText("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    public static IEnumerable<ProcessEntry> All()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && Find(id) is { } entry)
                yield return entry;
        }
    }

    /// <summary>All that are alive, each with its marker: one look for many who search.</summary>
    public static IReadOnlyList<SeenProcess> Look() =>
    [
        .. All().Where(entry => entry.IsAlive)
            .Select(entry => new SeenProcess(entry, Variable(entry.Identity.Id, s_marker).ToArray())),
    ];

    public static ProcessEntry? Find(int id) => ReadText($"/proc/{id}/stat") is { } text ? Parse(id, text) : null;

    public static bool IsAlive(ProcessIdentity identity) =>
        Find(identity.Id) is { IsAlive: true } entry && entry.Identity == identity;

    /// <summary>Whether its first environment had <paramref name="variable"/>, <c>NAME=value</c> or the beginning of it.</summary>
    public static bool HasVariable(int id, byte[] variable) => !Variable(id, variable).IsEmpty;

    /// <returns>The first one that begins so, with its NUL byte; empty when there is none.</returns>
    private static ReadOnlySpan<byte> Variable(int id, byte[] beginning)
    {
        ReadOnlySpan<byte> rest = ReadBytes($"/proc/{id}/environ");
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)0);
            var length = end < 0 ? rest.Length : end + 1;
            if (rest.StartsWith(beginning)) return rest[..length];
            rest = rest[length..];
        }

        return [];
    }

    /// <summary>Never hits a later process of the same number.</summary>
    public static void Signal(ProcessIdentity identity, int signal)
    {
        var descriptor = Libc.OpenProcess(identity.Id);
        if (descriptor < 0) return;
        try
        {
            if (IsAlive(identity)) Libc.SendSignalTo(descriptor, signal);
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    /// <param name="text">E.g. <c>812 (node (x) y) S 1 812 812 …</c>: the name may hold anything, so fields are counted after its last bracket.</param>
    internal static ProcessEntry? Parse(int id, string text)
    {
        var end = text.LastIndexOf(')');
        if (end < 0) return null;
        var fields = text[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20) return null;
        return new ProcessEntry(
            new ProcessIdentity(id, long.Parse(fields[19], CultureInfo.InvariantCulture)),
            fields[0][0], Number(fields[1]), Number(fields[2]), Number(fields[3]));
    }

    /// <summary>Null when it is not there (any more) or not ours to read.</summary>
    internal static string? ReadText(string path) =>
        ReadBytes(path) is { Length: > 0 } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
