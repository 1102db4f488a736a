using System.CommandLine;
using System.Net;
using Pilothouse.Cli.Access;
using Pilothouse.Cli.Deploy;
using Pilothouse.Cli.Deployments;
using Pilothouse.Cli.Explain;
using Pilothouse.Cli.Listeners;
using Pilothouse.Cli.Logs;
using Pilothouse.Cli.Output;
using Pilothouse.Cli.Revisions;
using Pilothouse.Cli.Rollbacks;
using Pilothouse.Cli.Serving;
using Pilothouse.Client;

namespace Pilothouse.Cli;

/// <summary>The table of contents of the command line, and the one place where failures become exit codes.</summary>
public static class PilothouseCommand
{
    private const string Description =
        "Deploys agents to a Pilothouse control plane and looks after them. Data goes to standard output, the rest to standard error.\n"
        + "Exit codes: 0 done, 1 refused or failed, 2 misused, 3 control plane unreachable, 130 stopped by Ctrl-C, 143 by SIGTERM.";

    /// <summary>Data goes to <paramref name="output"/>, everything said to people to <paramref name="error"/>.</summary>
    /// <returns>0 done, 1 refused, 2 misused, 3 unreachable, 130 stopped by Ctrl-C, 143 by SIGTERM.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var terminal = new Terminal(output, error);
        if (ServerCommands.Takes(arguments)) return await ServerCommands.RunAsync(arguments, terminal);

        var root = new RootCommand(Description)
        {
            DeployCommand.Create(terminal),
            ListCommand.Create(terminal),
            RevisionsCommand.Create(terminal),
            LogsCommand.Create(terminal),
            ExplainCommand.Create(terminal),
            RollbackCommand.Create(terminal),
            ResumeCommand.Create(terminal),
            RedeployCommand.Create(terminal),
            InterruptCommand.Create(terminal),
            UrlCommand.Create(terminal),
            DeleteCommand.Create(terminal),
            ListenersCommand.Create(terminal),
            KeysCommand.Create(terminal),
            MembersCommand.Create(terminal),
            RolesCommand.Create(terminal),
            AuditCommand.Create(terminal),
        };
        foreach (var command in ServerCommands.Create()) root.Add(command);

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors) terminal.Say(fault.Message);
            terminal.Say($"See '{string.Join(' ', ["pilothouse", .. Names(parsed)])} --help'.");
            return ExitCodes.Misused;
        }

        using var signals = new StopSignals(cancellationToken);
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, signals.Token);
        }
        catch (MisuseException misuse)
        {
            terminal.Say(misuse.Message);
            return ExitCodes.Misused;
        }
        catch (ApiException refused)
        {
            terminal.Say(refused.Detail);
            if (refused.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) terminal.Say("Which key and workspace are taken: see --api-key and --workspace in the --help of the command.");
            return ExitCodes.Refused;
        }
        catch (UnreachableException unreachable)
        {
            terminal.Say($"{unreachable.Message} Is it running there? Another address: --url or PILOTHOUSE_URL.");
            return ExitCodes.Unreachable;
        }
        catch (OperationCanceledException)
        {
            return signals.ExitCode;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            terminal.Say(failure.Message);
            return ExitCodes.Refused;
        }
    }

    private static IEnumerable<string> Names(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? [] : [parsed.CommandResult.Command.Name];
}

internal static class ExitCodes
{
    public const int Done = 0;
    public const int Refused = 1;
    public const int Misused = 2;
    public const int Unreachable = 3;
}

/// <summary>The caller must say something else; the message says what.</summary>
internal sealed class MisuseException(string message) : Exception(message);
