using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;

namespace Pilothouse.Cli.Access;

internal static class KeysCommand
{
    private static Option<bool> Mine() => new("--mine") { Description = "The personal keys of the user whose key is used, instead of the workspace's." };

    public static Command Create(Terminal terminal) => new("keys", "API keys: lists, makes and revokes them.") { List(terminal), Make(terminal), Revoke(terminal) };

    private static Command List(Terminal terminal)
    {
        var connection = new Connection();
        var mine = Mine();
        var command = new Command("list", "Lists the keys of the workspace.") { mine };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var keys = new List<ApiKey>();
            await foreach (var key in client.ListKeysAsync(parsed.GetValue(mine), cancellationToken)) keys.Add(key);
            if (parsed.GetValue(connection.Json))
            {
                foreach (var key in keys) terminal.Json(JsonSerializer.SerializeToElement(key, ApiJson.Default.ApiKey));
                return ExitCodes.Done;
            }

            if (keys.Count == 0) terminal.Say("No keys.");
            else terminal.Table(["NAME", "KIND", "ROLE", "BEGINS", "ENDS", "LAST USED", "ID"], [.. keys.Select(Row)]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Make(Terminal terminal)
    {
        var connection = new Connection();
        var name = new Argument<string>("NAME") { Description = "What it is for." };
        var mine = Mine();
        var role = new Option<string?>("--role") { Description = "Of a service key: admin, editor, viewer or one of 'pilothouse roles list'. [default: viewer]", HelpName = "ROLE" };
        var organization = new Option<bool>("--organization") { Description = "Reaches every workspace of the organization; callers then name one with --workspace." };
        var expires = new Option<string?>("--expires") { Description = "When it ends, e.g. 2027-01-31T00:00:00Z, or after how many days, e.g. 90d.", HelpName = "TIME" };
        var command = new Command("create", "Makes a key and prints it, once.") { name, mine, role, organization, expires };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var isOwn = parsed.GetValue(mine);
            if (isOwn && parsed.GetValue(role) is not null) throw new MisuseException("--role goes with service keys: a personal key may what its user may.");
            using var client = connection.Open(parsed);
            var made = await client.CreateKeyAsync(
                new ApiKeyCreate
                {
                    Name = parsed.GetValue(name)!,
                    Role = isOwn ? null : parsed.GetValue(role) ?? "viewer",
                    Scope = parsed.GetValue(organization) ? "organization" : null,
                    ExpiresAt = Ends(parsed.GetValue(expires)),
                },
                isOwn,
                cancellationToken);
            if (parsed.GetValue(connection.Json))
            {
                terminal.Json(JsonSerializer.SerializeToElement(made, ApiJson.Default.NewApiKey));
                return ExitCodes.Done;
            }

            terminal.Data(made.Key);
            terminal.Say($"Key '{made.Name}' ({made.Id}) is shown once: keep it now.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Revoke(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<Guid>("ID") { Description = "As 'pilothouse keys list' shows it." };
        var mine = Mine();
        var command = new Command("revoke", "Ends a key at once.") { which, mine };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            await client.RevokeKeyAsync(parsed.GetValue(which), parsed.GetValue(mine), cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(new JsonObject { ["id"] = parsed.GetValue(which), ["revoked"] = true });
            else terminal.Say($"Key {parsed.GetValue(which)} is revoked.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<string> Row(ApiKey key) =>
        [key.Name, key.Kind, key.Role ?? "", key.Prefix, Times.Shown(key.ExpiresAt), Times.Shown(key.LastUsedAt), $"{key.Id}"];

    private static DateTimeOffset? Ends(string? text)
    {
        if (text is null) return null;
        if (text.EndsWith('d') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= 36_500)
            return TimeProvider.System.GetUtcNow().AddDays(days);
        return Times.Parse(text, "--expires");
    }
}
