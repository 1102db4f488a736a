using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Client;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;

namespace Pilothouse.Cli.Access;

internal static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var since = new Option<string?>("--since") { Description = "Only changes from then on, e.g. 2026-11-25T00:00:00Z.", HelpName = "TIME" };
        var operation = new Option<string?>("--operation") { Description = "Only these, e.g. create_deployment.", HelpName = "NAME" };
        var resource = new Option<string?>("--resource") { Description = "Only changes of the thing with this id.", HelpName = "ID" };
        var actor = new Option<Guid?>("--actor") { Description = "Only changes by this user or key.", HelpName = "ID" };
        var refused = new Option<bool>("--refused") { Description = "Only what was refused for want of a permission." };
        var organization = new Option<bool>("--organization") { Description = "Of all workspaces." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 100.", HelpName = "N", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 100) result.AddError("--limit must be 1 to 100.");
        });
        var command = new Command("audit", "Shows who changed what, newest first.") { since, operation, resource, actor, refused, organization, limit };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var filter = new AuditFilter
            {
                From = parsed.GetValue(since) is { } text ? Times.Parse(text, "--since") : null,
                Operation = parsed.GetValue(operation),
                ResourceId = parsed.GetValue(resource),
                Actor = parsed.GetValue(actor),
                Outcome = parsed.GetValue(refused) ? "refused" : null,
                IsOfOrganization = parsed.GetValue(organization),
                Limit = parsed.GetValue(limit),
            };
            using var client = connection.Open(parsed);
            var entries = await client.ListAuditAsync(filter, cancellationToken);
            if (parsed.GetValue(connection.Json))
            {
                foreach (var entry in entries) terminal.Json(JsonSerializer.SerializeToElement(entry, ApiJson.Default.AuditEntry));
                return ExitCodes.Done;
            }

            if (entries.Count == 0) terminal.Say("Nothing changed.");
            else terminal.Table(["AT", "WHO", "OPERATION", "RESOURCE", "OUTCOME"], [.. entries.Select(Row)]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<string> Row(AuditEntry entry) =>
        [Times.Shown(entry.At), entry.ActorName, entry.Operation, entry.ResourceId ?? entry.ResourceType, entry.Outcome];
}
