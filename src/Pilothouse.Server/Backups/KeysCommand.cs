using System.CommandLine;
using Pilothouse.Control.Secrets;
using Pilothouse.Core;
using Pilothouse.Server.Serve;

namespace Pilothouse.Server.Backups;

/// <summary><c>pilothouse-server keys</c>: the master key's versions; control planes go on meanwhile.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "The versions of the master key, which wraps what seals the secrets.") { List(), Rotate(), Retire() };

    private static Command List()
    {
        var (data, database) = (ServeCommand.ForData(), ServeCommand.ForDatabase());
        var command = new Command("list", "Lists the versions, and how many data keys each wraps.") { data, database };
        command.SetAction((parsed, cancellationToken) => StoreProgram.RunAsync(StoreProgram.Flags(parsed.GetValue(data), parsed.GetValue(database)), async services =>
        {
            Console.Out.WriteLine($"{"VERSION",-9}{"DATA KEYS",-11}");
            foreach (var key in await services.GetRequiredService<StoreKeys>().ListAsync(cancellationToken))
                Console.Out.WriteLine($"{key.Version,-9}{key.DataKeys,-11}{Mark(key)}".TrimEnd());
            return 0;
        }));
        return command;
    }

    private static Command Rotate()
    {
        var (data, database) = (ServeCommand.ForData(), ServeCommand.ForDatabase());
        var command = new Command("rotate", "Makes a new version, or takes the one that was brought, and wraps every data key with it; after a kill, run it again.") { data, database };
        command.SetAction((parsed, cancellationToken) => StoreProgram.RunAsync(StoreProgram.Flags(parsed.GetValue(data), parsed.GetValue(database)), async services =>
        {
            var rotated = await services.GetRequiredService<StoreKeys>().RotateAsync(cancellationToken);
            return await TellAsync(rotated.Rejection, () => $"Version {rotated.Value.Version} wraps every data key now; {rotated.Value.Wrapped} were wrapped anew.");
        }));
        return command;
    }

    private static Command Retire()
    {
        var version = new Argument<int>("VERSION") { Description = "Which one to forget; refused while anything is wrapped with it." };
        var (data, database) = (ServeCommand.ForData(), ServeCommand.ForDatabase());
        var command = new Command("retire", "Forgets a version; backups from before the rotation still need it.") { version, data, database };
        command.SetAction((parsed, cancellationToken) => StoreProgram.RunAsync(StoreProgram.Flags(parsed.GetValue(data), parsed.GetValue(database)), async services =>
        {
            var retired = parsed.GetRequiredValue(version);
            var done = await services.GetRequiredService<StoreKeys>().RetireAsync(retired, cancellationToken);
            return await TellAsync(done.Rejection, () => done.Value ?? $"Version {retired} is forgotten.");
        }));
        return command;
    }

    private static string Mark(MasterKeyVersion key) => key switch
    {
        { IsMissing: true } => "missing",
        { IsCurrent: true } => "current",
        _ => "",
    };

    private static async Task<int> TellAsync(Rejection? refused, Func<string> done)
    {
        await Console.Error.WriteLineAsync(refused is null ? done() : $"pilothouse-server: {refused.Message}");
        return refused is null ? 0 : 1;
    }
}
