using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Pilothouse.Cli.Output;

namespace Pilothouse.Cli.Serving;

/// <summary>The server's verbs, handed to <c>pilothouse-server</c> as they are: it is another program, since it is large and this one starts at once.</summary>
internal static class ServerCommands
{
    private const string Program = "pilothouse-server";

    public static IEnumerable<Command> Create(Terminal terminal)
    {
        yield return Create("serve", "Starts a control plane here; see 'pilothouse serve --help'.", terminal);
    }

    private static Command Create(string verb, string description, Terminal terminal)
    {
        var rest = new Argument<string[]>("ARGUMENTS") { Arity = ArgumentArity.ZeroOrMore, Description = "For pilothouse-server." };
        var command = new Command(verb, description) { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        // Also --help is the server's to answer.
        command.Options.Clear();
        command.SetAction((parsed, cancellationToken) =>
            RunAsync([verb, .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens], terminal, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellationToken)
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
        var program = folders.Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists);
        return program is null ? null : new ProcessStartInfo(program);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
