using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;

namespace Pilothouse.Cli.Rollbacks;

internal static class ResumeCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var command = new Command("resume", "Ends a rollback: what serves goes on serving, and whatever comes next is taken.") { which };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var was = await client.ResumeAsync(deployment.Id, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(JsonSerializer.SerializeToElement(was, ApiJson.Default.Rollback));
            else
                terminal.Say(
                    $"▸ {deployment.Name} is not held at revision {was.TargetNumber} any more. "
                    + $"To have revision {was.LeftNumber} back now: pilothouse redeploy {deployment.Name} --revision {was.LeftRevisionId}");
            return ExitCodes.Done;
        });
        return command;
    }
}
