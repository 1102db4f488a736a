using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Client;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;

namespace Pilothouse.Cli.Access;

internal static class MembersCommand
{
    public static Command Create(Terminal terminal) =>
        new("members", "Who is in the workspace: lists, adds and removes them.") { List(terminal), Set(terminal), Remove(terminal) };

    private static Argument<string> Who() => new("USER") { Description = "Email or id." };

    private static Command List(Terminal terminal)
    {
        var connection = new Connection();
        var command = new Command("list", "Lists the members of the workspace.");
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var members = new List<Member>();
            await foreach (var member in client.ListMembersAsync(cancellationToken)) members.Add(member);
            if (parsed.GetValue(connection.Json))
            {
                foreach (var member in members) terminal.Json(JsonSerializer.SerializeToElement(member, ApiJson.Default.Member));
                return ExitCodes.Done;
            }

            if (members.Count == 0) terminal.Say("No members.");
            else terminal.Table(["EMAIL", "NAME", "ROLE", "", "ID"], [.. members.Select(Row)]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Set(Terminal terminal)
    {
        var connection = new Connection();
        var who = Who();
        var role = new Argument<string>("ROLE") { Description = "admin, editor, viewer or one of 'pilothouse roles list'." };
        var add = new Option<bool>("--new") { Description = "Make the user first, who is not in the organization yet." };
        var command = new Command("set", "Adds a user to the workspace, or gives a member another role.") { who, role, add };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var user = parsed.GetValue(add)
                ? (await client.CreateUserAsync(new UserCreate { Email = parsed.GetValue(who)! }, cancellationToken)).Id
                : await FindAsync(client, parsed.GetValue(who)!, cancellationToken);
            var member = await client.SetMemberAsync(user, parsed.GetValue(role)!, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(JsonSerializer.SerializeToElement(member, ApiJson.Default.Member));
            else terminal.Say($"{member.Email} is {member.Role}.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Remove(Terminal terminal)
    {
        var connection = new Connection();
        var who = Who();
        var command = new Command("remove", "Takes a member out of the workspace; its keys stop working there at once.") { who };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var user = await FindAsync(client, parsed.GetValue(who)!, cancellationToken);
            await client.RemoveMemberAsync(user, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(new JsonObject { ["user_id"] = user, ["removed"] = true });
            else terminal.Say($"{parsed.GetValue(who)} is not a member any more.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<string> Row(Member member) => [member.Email, member.Name, member.Role, member.IsDisabled ? "disabled" : "", $"{member.UserId}"];

    private static async Task<Guid> FindAsync(PilothouseClient client, string emailOrId, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(emailOrId, out var id)) return id;
        var found = new List<User>();
        await foreach (var user in client.ListUsersAsync(emailOrId, cancellationToken)) found.Add(user);
        return found.Count switch
        {
            1 => found[0].Id,
            0 => throw new MisuseException($"There is no user with the email '{emailOrId}'; --new of 'pilothouse members set' makes one."),
            _ => throw new MisuseException($"Several users have the email '{emailOrId}'; give one's id: {string.Join(", ", found.Select(user => user.Id))}."),
        };
    }
}
