using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;

namespace Pilothouse.Cli.Access;

internal static class RolesCommand
{
    public static Command Create(Terminal terminal) => new("roles", "What keys and members may do: lists, makes and deletes roles.") { List(terminal), Make(terminal), Delete(terminal) };

    private static Command List(Terminal terminal)
    {
        var connection = new Connection();
        var command = new Command("list", "Lists the roles with what they may do.");
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var roles = new List<Role>();
            await foreach (var role in client.ListRolesAsync(cancellationToken)) roles.Add(role);
            if (parsed.GetValue(connection.Json))
                foreach (var role in roles) terminal.Json(JsonSerializer.SerializeToElement(role, ApiJson.Default.Role));
            else
                terminal.Table(["NAME", "PERMISSIONS"], [.. roles.Select(role => (IReadOnlyList<string>)[role.Name, string.Join(' ', role.Permissions)])]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Make(Terminal terminal)
    {
        var connection = new Connection();
        var name = new Argument<string>("NAME") { Description = "Lower case letters, digits, '-' and '_'." };
        var permissions = new Argument<string[]>("PERMISSION") { Description = "E.g. deployments:read; only those that you have.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("create", "Makes a role.") { name, permissions };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var role = await client.CreateRoleAsync(new RoleCreate(parsed.GetValue(name)!, parsed.GetValue(permissions)!), cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(JsonSerializer.SerializeToElement(role, ApiJson.Default.Role));
            else terminal.Say($"Role {role.Name} is made.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Delete(Terminal terminal)
    {
        var connection = new Connection();
        var name = new Argument<string>("NAME") { Description = "Of a role that no key and no member has." };
        var command = new Command("delete", "Deletes a role.") { name };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            await client.DeleteRoleAsync(parsed.GetValue(name)!, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(new JsonObject { ["name"] = parsed.GetValue(name), ["deleted"] = true });
            else terminal.Say($"Role {parsed.GetValue(name)} is deleted.");
            return ExitCodes.Done;
        });
        return command;
    }
}
