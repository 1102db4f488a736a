using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Pilothouse.Cli.Output;

namespace Pilothouse.Cli.Serving;

/// <summary>The server's verbs, handed to <c>pilothouse-server</c> as they are: it is another program, since it is large and this one starts at once.</summary>
internal static class ServerCommands
{
    private const string Program = "pilothouse-server";

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private static readonly string[] s_verbs = ["serve"];

    /// <summary>For the list of commands; what is typed never comes here.</summary>
    public static IEnumerable<Command> Create() => [new Command("serve", "Starts a control plane here; see 'pilothouse serve --help'.")];

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

        // Ctrl-C reaches both; a SIGTERM to us alone is passed on. Either way the server decides when it is done.
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _ = Signal(process.Id, 15);
        });
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

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
}
