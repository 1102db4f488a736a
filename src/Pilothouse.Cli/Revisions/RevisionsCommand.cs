using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;

namespace Pilothouse.Cli.Revisions;

internal static class RevisionsCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 100.", HelpName = "N", DefaultValueFactory = _ => 10 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 100) result.AddError("--limit must be 1 to 100.");
        });
        var command = new Command("revisions", "Lists a deployment's revisions, newest first; * marks the one that serves.") { which, limit };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var revisions = await client.ListRevisionsAsync(deployment.Id, parsed.GetValue(limit), cancellationToken);
            if (parsed.GetValue(connection.Json))
            {
                foreach (var revision in revisions) terminal.Json(JsonSerializer.SerializeToElement(revision, ApiJson.Default.Revision));
                return ExitCodes.Done;
            }

            if (revisions.Count == 0) terminal.Say($"{deployment.Name} has no revisions yet.");
            else
                terminal.Table(
                    ["", "ID", "STATUS", "SOURCE", "CREATED"],
                    [.. revisions.Select(revision => (IReadOnlyList<string>)
                        [revision.Id == deployment.ActiveRevisionId ? "*" : "", $"{revision.Id}", revision.Status, revision.Source, $"{revision.CreatedAt:u}"])]);
            return ExitCodes.Done;
        });
        return command;
    }
}
