using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Deploy;
using Pilothouse.Cli.Output;
using Pilothouse.Cli.Rollbacks;
using Pilothouse.Contracts;

namespace Pilothouse.Cli.Revisions;

internal static class RedeployCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var wait = new WaitOptions();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var revision = new Option<Guid?>("--revision") { Description = "The revision to deploy again; else the newest.", HelpName = "ID" };
        var command = new Command("redeploy", "Makes a new revision of what an earlier one carried, its secrets included.") { which, revision };
        wait.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var one = parsed.GetValue(revision) ?? deployment.LatestRevisionId
                ?? throw new MisuseException($"{deployment.Name} has no revision to deploy again; 'pilothouse deploy' makes the first.");
            var isJson = parsed.GetValue(connection.Json);
            var report = new DeployReport(terminal, isJson);
            var after = await client.RedeployAsync(deployment.Id, one, cancellationToken);
            var made = after.LatestRevisionId!.Value;
            if (isJson && !wait.Waits(parsed)) terminal.Json(JsonSerializer.SerializeToElement(after, ApiJson.Default.Deployment));
            else report.Step($"revision {made} carries what {one} carried");
            return wait.Waits(parsed) ? await wait.RunAsync(parsed, client, report, deployment.Id, made, cancellationToken) : ExitCodes.Done;
        });
        return command;
    }
}
