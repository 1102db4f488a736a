using Pilothouse.Builds.Toolchains;

namespace Pilothouse.Builds.Sandbox;

/// <summary>What a build may see besides the system's own programs; all absolute.</summary>
/// <param name="Work">Of this build: read and written.</param>
/// <param name="Temporary">Becomes <c>/tmp</c>.</param>
/// <param name="Toolchain">Read.</param>
/// <param name="Cache">Where programs look for their caches.</param>
/// <param name="OwnCache">What they find there: the workspace's own, since what one project puts there another one would install.</param>
/// <param name="Readable">Read.</param>
internal sealed record SandboxView(string Work, string Temporary, string Toolchain, string Cache, string OwnCache, IReadOnlyList<string> Readable);

/// <summary>
/// Bubblewrap's command line. An empty root gets the system's programs, the toolchain and the build's own folder; processes, users and host name
/// are the sandbox's own, the network is the host's since packages come by it. Of <c>/etc</c> only what programs need and nobody keeps secret.
/// </summary>
internal static class Bubblewrap
{
    private static readonly string[] s_system = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store"];

    private static readonly string[] s_settings =
    [
        "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "gai.conf", "group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf",
        "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "os-release", "passwd", "pip.conf", "pki", "protocols", "resolv.conf", "services",
        "ssl", "timezone", "uv",
    ];

    /// <param name="program">Of bubblewrap, absolute.</param>
    /// <param name="home">The operator's; a folder of it is shown only by name, never the whole.</param>
    public static IReadOnlyList<string> Arguments(string program, SandboxView view, ToolCommand command, string home)
    {
        List<string> arguments =
        [
            program, "--die-with-parent", "--new-session", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
            "--cap-drop", "ALL", "--hostname", "build", "--proc", "/proc", "--dev", "/dev",
        ];
        foreach (var folder in s_system) arguments.AddRange(System(folder));
        foreach (var setting in s_settings) arguments.AddRange(["--ro-bind-try", $"/etc/{setting}", $"/etc/{setting}"]);
        arguments.AddRange(["--bind", view.Temporary, "/tmp"]);
        foreach (var path in Shown(view, command, home)) arguments.AddRange(["--ro-bind-try", path, path]);
        arguments.AddRange(["--ro-bind", view.Toolchain, view.Toolchain, "--bind", view.OwnCache, view.Cache, "--bind", view.Work, view.Work]);
        arguments.AddRange(["--chdir", command.WorkingDirectory, "--"]);
        arguments.AddRange(command.Arguments);
        return arguments;
    }

    /// <summary>On most systems /bin and the like are links into /usr by now.</summary>
    private static IEnumerable<string> System(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        return new DirectoryInfo(folder).LinkTarget is { } target ? ["--symlink", target, folder] : ["--ro-bind", folder, folder];
    }

    /// <summary>
    /// What the operator named, and the places of programs that the command names by absolute path and that are not of the system, like a Node or
    /// Python in somebody's home: the folder above their <c>bin</c>, or the file alone where that folder would show too much.
    /// </summary>
    private static IEnumerable<string> Shown(SandboxView view, ToolCommand command, string home)
    {
        var programs = command.Arguments.Where(argument => argument.StartsWith('/')).SelectMany(Places).Where(path => !IsVisible(path, view));
        return view.Readable.Concat(programs.Select(path => Prefix(path, home))).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Places(string path)
    {
        if (!File.Exists(path)) yield break;
        yield return path;
        if (File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target) yield return target.FullName;
    }

    private static bool IsVisible(string path, SandboxView view) =>
        s_system.Concat([view.Work, view.Toolchain, view.Cache]).Any(folder => path.StartsWith(folder + '/', StringComparison.Ordinal));

    internal static string Prefix(string path, string home)
    {
        var marks = ((string[])["/bin/", "/lib/node_modules/"]).Select(mark => path.IndexOf(mark, StringComparison.Ordinal)).Where(at => at > 0).ToArray();
        if (marks.Length == 0) return path;
        var prefix = path[..marks.Min()];
        var isTooMuch = home.Length > 0 && (home + '/').StartsWith(prefix + '/', StringComparison.Ordinal)
            || home.Length > 0 && string.Equals(prefix, Path.Combine(home, ".local"), StringComparison.Ordinal)
            || prefix.Count(letter => letter == '/') < 2;
        return isTooMuch ? path : prefix;
    }
}
