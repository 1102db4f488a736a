using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Pilothouse.Cli.Output;

namespace Pilothouse.Cli.Serving;

/// <summary>The server's verbs, handed to <c>pilothouse-server</c> as they are: it is another program, since it is large and this one starts at once.</summary>
internal static class ServerCommands
{
    private const string Program = "pilothouse-server";

    private const int Interrupt = 2;
    private const int Terminate = 15;
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private static readonly string[] s_verbs = ["serve", "listener"];

    /// <summary>For the list of commands; what is typed never comes here.</summary>
    public static IEnumerable<Command> Create() =>
    [
        new Command("serve", "Starts a control plane here; see 'pilothouse serve --help'."),
        new Command("listener", "Runs agents here for a control plane elsewhere; see 'pilothouse listener --help'."),
    ];

    /// <summary>Before any parsing, since every option and its order, also --help, is the server's to read.</summary>
    public static bool Takes(IReadOnlyList<string> arguments) => arguments.Count > 0 && s_verbs.Contains(arguments[0], StringComparer.Ordinal);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        if (Find() is not { } start)
        {
            terminal.Say($"{Program} is neither beside this program nor on the PATH: install it there.");
            return ExitCodes.Refused;
        }

        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;

        // The server decides when it is done.
        using var terminated = OnSignal(PosixSignal.SIGTERM, () => Signal(process.Id, Terminate));
        using var hungUp = OnSignal(PosixSignal.SIGHUP, () => Signal(process.Id, Terminate));
        using var interrupted = OnSignal(PosixSignal.SIGINT, () => IsInForeground() ? 0 : Signal(process.Id, Interrupt));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private static PosixSignalRegistration OnSignal(PosixSignal signal, Func<int> passOn) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _ = passOn();
    });

    /// <summary>Then the terminal has sent its Ctrl-C to the server as well, and a second one means: at once.</summary>
    private static bool IsInForeground() => Enumerable.Range(0, 3).Any(descriptor => ForegroundGroup(descriptor) == OwnGroup());

    private static ProcessStartInfo? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Prepend(AppContext.BaseDirectory);
        var program = folders.Select(folder => Path.Combine(folder, Program)).FirstOrDefault(IsProgram);
        return program is null ? null : new ProcessStartInfo(program);
    }

    private static bool IsProgram(string path) => File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != UnixFileMode.None);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);

    /// <summary>-1 when it is no terminal, or not ours.</summary>
    [DllImport("libc", EntryPoint = "tcgetpgrp")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ForegroundGroup(int descriptor);

    [DllImport("libc", EntryPoint = "getpgrp")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OwnGroup();
}
