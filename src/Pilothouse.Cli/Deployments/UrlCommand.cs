using System.CommandLine;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;

namespace Pilothouse.Cli.Deployments;

internal static class UrlCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var command = new Command("url", "Prints where the agent answers, be it there yet or not.") { which };
        command.Aliases.Add("open");
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var url = deployment.SourceConfig.CustomUrl;
            if (parsed.GetValue(connection.Json))
                terminal.Json(new JsonObject { ["id"] = deployment.Id, ["name"] = deployment.Name, ["url"] = url });
            else if (url is not null) terminal.Data(url);
            return url is null ? ExitCodes.Refused : ExitCodes.Done;
        });
        return command;
    }
}
