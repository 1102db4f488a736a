using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Deployments;

internal static class ListCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var contains = new Option<string?>("--name-contains") { Description = "Only deployments whose name contains this.", HelpName = "TEXT" };
        var command = new Command("list", "Lists the deployments of the workspace.") { contains };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployments = new List<Deployment>();
            await foreach (var deployment in client.ListDeploymentsAsync(parsed.GetValue(contains), cancellationToken)) deployments.Add(deployment);

            if (parsed.GetValue(connection.Json))
            {
                foreach (var deployment in deployments) terminal.Json(JsonSerializer.SerializeToElement(deployment, ApiJson.Default.Deployment));
                return ExitCodes.Done;
            }

            if (deployments.Count == 0) terminal.Say("No deployments.");
            else terminal.Table(["NAME", "STATUS", "ID", "URL"], [.. deployments.Select(Row)]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<string> Row(Deployment deployment) =>
        [deployment.Name, deployment.Status, $"{deployment.Id}", deployment.SourceConfig.CustomUrl ?? ""];
}
