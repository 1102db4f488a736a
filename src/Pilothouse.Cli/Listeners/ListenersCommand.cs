using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Access;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Deploy;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Cli.Listeners;

internal static class ListenersCommand
{
    public static Command Create(Terminal terminal) => new("listeners", "Listeners: the machines of your own that run agents.") { List(terminal), Key(terminal), Delete(terminal) };

    private static Command List(Terminal terminal)
    {
        var connection = new Connection();
        var command = new Command("list", "Lists the workspace's listeners.");
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var listeners = new List<Listener>();
            await foreach (var listener in client.ListListenersAsync(cancellationToken)) listeners.Add(listener);
            if (parsed.GetValue(connection.Json))
            {
                foreach (var listener in listeners) terminal.Json(JsonSerializer.SerializeToElement(listener, ApiJson.Default.Listener));
                return ExitCodes.Done;
            }

            if (listeners.Count == 0) terminal.Say("No listeners: start one with 'pilothouse listener --help' on its machine.");
            else terminal.Table(["NAME", "TYPE", "VERSION", "LAST SEEN", "GATEWAY", "ID"], [.. listeners.Select(Row)]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Key(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("LISTENER") { Description = "Its name or id." };
        var name = new Option<string>("--name") { Description = "What the key is called.", HelpName = "NAME", DefaultValueFactory = _ => "listener" };
        var command = new Command("key", "Makes a key with which one listener speaks to the control plane, and prints it, once; 'pilothouse keys revoke' ends it.") { which, name };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var listener = await ListenerChoice.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var made = await client.CreateListenerKeyAsync(listener, new ListenerKeyCreate { Name = parsed.GetValue(name)! }, cancellationToken);
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

    private static Command Delete(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("LISTENER") { Description = "Its name or id." };
        var command = new Command("delete", "Forgets a listener that no deployment is bound to, and ends its keys.") { which };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var listener = await ListenerChoice.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            await client.DeleteListenerAsync(listener, cancellationToken);
            if (parsed.GetValue(connection.Json)) terminal.Json(new JsonObject { ["id"] = listener, ["deleted"] = true });
            else terminal.Say($"Listener {listener} is deleted.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<string> Row(Listener listener) =>
        [listener.ComputeId, listener.ComputeType, listener.Version ?? "", Times.Shown(listener.LastSeenAt), listener.GatewayUrl ?? "", $"{listener.Id}"];
}
