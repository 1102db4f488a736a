using System.CommandLine;
using Pilothouse.Control.Backups;
using Pilothouse.Server.Serve;

namespace Pilothouse.Server.Backups;

/// <summary><c>pilothouse-server backup FILE</c>: also while the store is in use.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Where to write it; an older file of that name stays until the new one is whole." };
        var (data, database) = (ServeCommand.ForData(), ServeCommand.ForDatabase());
        var command = new Command("backup", "Writes the whole store into one file, while others use it; the master key is not in it.") { file, data, database };
        command.SetAction((parsed, cancellationToken) => StoreProgram.RunAsync(
            StoreProgram.Flags(parsed.GetValue(data), parsed.GetValue(database)), services => RunAsync(services, parsed.GetRequiredValue(file), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, string file, CancellationToken cancellationToken)
    {
        var summary = await services.GetRequiredService<StoreBackups>().CreateAsync(file, cancellationToken);
        foreach (var missing in summary.MissingBlobs)
            await Console.Error.WriteLineAsync($"pilothouse-server: the uploaded source '{missing}' is not there, or was damaged, and is not in the backup.");
        await Console.Error.WriteLineAsync($"{file} holds {summary.Rows} rows and {summary.Blobs} uploaded sources in {summary.FileBytes} bytes.");
        return 0;
    }
}
