namespace Pilothouse.Builds.Sandbox;

/// <summary>Programs of the host, by the search path of the control plane.</summary>
internal static class HostPrograms
{
    /// <summary>Puts what follows into a session, so also a process group, of its own.</summary>
    public static IReadOnlyList<string> NewSession { get; } = Find("setsid") is { } setsid ? [setsid] : [];

    /// <summary>Lets the kernel end what follows when we die, however we die.</summary>
    public static IReadOnlyList<string> DieWithUs { get; } = Find("setpriv") is { } setpriv ? [setpriv, "--pdeathsig", "KILL", "--"] : [];

    /// <summary>
    /// What follows gets the processors and the disk that nobody else wants, and is what the kernel ends first when the machine is out of memory.
    /// </summary>
    public static IReadOnlyList<string> Lowest { get; } =
    [
        .. Find("choom") is { } choom ? (string[])[choom, "--adjust", "900", "--"] : [],
        .. Find("ionice") is { } ionice ? (string[])[ionice, "--class", "3", "--ignore"] : [],
        .. Find("nice") is { } nice ? (string[])[nice, "--adjustment=19"] : [],
    ];

    /// <returns>Absolute; null when there is none.</returns>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(path => File.Exists(path) && File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute));
}
