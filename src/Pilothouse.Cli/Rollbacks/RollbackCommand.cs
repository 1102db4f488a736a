using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Deploy;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Rollbacks;

internal static class RollbackCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var wait = new WaitOptions();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var to = new Option<string?>("--to") { Description = "Number or id of the revision to go back to; else the one that was deployed before.", HelpName = "N|ID" };
        to.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Wanted(text, reason: null) is null) result.AddError("--to must be the number of a revision (1, 2, 3 …) or its id.");
        });
        var reason = new Option<string?>("--reason") { Description = "Why, for whoever asks later.", HelpName = "TEXT" };
        var command = new Command("rollback", "Goes back to an earlier revision and stays there: nothing automatic brings back what was left, until 'resume' or a deploy of another source.")
        {
            which, to, reason,
        };
        wait.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var wanted = Wanted(parsed.GetValue(to), parsed.GetValue(reason))!;
            var isJson = parsed.GetValue(connection.Json);
            var report = new DeployReport(terminal, isJson);

            // Asked again it changes nothing, so an answer that was lost costs nothing.
            var made = await new Patience(report).WriteAsync(() => client.RollBackAsync(deployment.Id, wanted, cancellationToken), cancellationToken);
            if (isJson && !wait.Waits(parsed)) terminal.Json(JsonSerializer.SerializeToElement(made, ApiJson.Default.Rollback));
            else
                report.Step(
                    $"{deployment.Name} goes back to revision {made.TargetNumber} by revision {made.Number}; revision {made.LeftNumber} was left. "
                    + $"To let it in again: pilothouse resume {deployment.Name}");
            return wait.Waits(parsed) ? await wait.RunAsync(parsed, client, report, deployment.Id, made.RevisionId, cancellationToken) : ExitCodes.Done;
        });
        return command;
    }

    /// <returns>Null for what is neither a number nor an id.</returns>
    private static RollbackRequest? Wanted(string? to, string? reason)
    {
        if (to is null) return new RollbackRequest { Reason = reason };
        if (int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0) return new RollbackRequest { Number = number, Reason = reason };
        return Guid.TryParse(to, out var id) ? new RollbackRequest { RevisionId = id, Reason = reason } : null;
    }
}
