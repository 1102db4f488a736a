using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;

namespace Pilothouse.Cli.Explain;

internal static class ExplainCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id; else the only deployment there is.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("explain", "Says why a deployment does not serve, or not its newest revision, and what to do; ends with 1 when it does not.") { which };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindOrOnlyAsync(client, parsed.GetValue(which), cancellationToken);
            var explanation = await client.ExplainAsync(deployment.Id, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(JsonSerializer.SerializeToElement(explanation, ApiJson.Default.Explanation));
            else
                foreach (var line in ExplanationText.Of(explanation)) terminal.Data(line);
            return explanation.ServesNewest ? ExitCodes.Done : ExitCodes.Refused;
        });
        return command;
    }
}
