using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;

namespace Pilothouse.Cli.Revisions;

internal static class InterruptCommand
{
    /// <summary>More never wait: see <c>Deployments:MaxQueuedRevisions</c>.</summary>
    private const int Looked = 100;

    private static readonly string[] s_ended = ["DEPLOYED", "CREATE_FAILED", "BUILD_FAILED", "DEPLOY_FAILED", "SKIPPED", "INTERRUPTED", "UNKNOWN"];

    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var revision = new Option<Guid?>("--revision") { Description = "This revision; else the newest that has not ended.", HelpName = "ID" };
        var command = new Command("interrupt", "Stops a revision that has not ended; what served before goes on serving.") { which, revision };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var one = parsed.GetValue(revision);
            if (one is null)
            {
                var revisions = await client.ListRevisionsAsync(deployment.Id, Looked, cancellationToken);
                if (revisions.FirstOrDefault(candidate => !s_ended.Contains(candidate.Status)) is not { } unended)
                {
                    terminal.Say($"Every revision of {deployment.Name} has ended: there is nothing to interrupt.");
                    return ExitCodes.Refused;
                }

                one = unended.Id;
            }

            var interrupted = await client.InterruptAsync(deployment.Id, one.Value, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(JsonSerializer.SerializeToElement(interrupted, ApiJson.Default.Revision));
            else terminal.Say($"▸ {interrupted.Id} is {interrupted.Status}");
            return ExitCodes.Done;
        });
        return command;
    }
}
