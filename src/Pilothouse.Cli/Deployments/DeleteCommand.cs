using System.CommandLine;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;

namespace Pilothouse.Cli.Deployments;

internal static class DeleteCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Command("delete", "Deletes a deployment with its threads and logs.") { which, yes };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            if (!parsed.GetValue(yes) && !Confirms(deployment.Name, terminal)) return ExitCodes.Refused;

            await client.DeleteDeploymentAsync(deployment.Id, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(new JsonObject { ["id"] = deployment.Id, ["name"] = deployment.Name, ["deleted"] = true });
            else terminal.Say($"{deployment.Name} is being deleted.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static bool Confirms(string name, Terminal terminal)
    {
        if (Console.IsInputRedirected) throw new MisuseException($"Nothing was deleted: give --yes to delete {name} without being asked.");
        terminal.Say($"Delete {name} with all its threads? Type its name to go on:");
        return string.Equals(Console.ReadLine()?.Trim(), name, StringComparison.Ordinal);
    }
}
