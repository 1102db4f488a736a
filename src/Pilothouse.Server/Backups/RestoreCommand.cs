using System.CommandLine;
using Pilothouse.Control.Backups;
using Pilothouse.Server.Serve;

namespace Pilothouse.Server.Backups;

/// <summary><c>pilothouse-server restore FILE</c>: into an empty store, whole or not at all.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A backup." };
        var (data, database) = (ServeCommand.ForData(), ServeCommand.ForDatabase());
        var command = new Command("restore", "Brings a backup into an empty store; the master key must be there already.") { file, data, database };
        command.SetAction((parsed, cancellationToken) => StoreProgram.RunAsync(
            StoreProgram.Flags(parsed.GetValue(data), parsed.GetValue(database)), services => RunAsync(services, parsed.GetRequiredValue(file), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, string file, CancellationToken cancellationToken)
    {
        var summary = await services.GetRequiredService<StoreBackups>().RestoreAsync(file, cancellationToken);
        await TellMissingAsync(summary);
        await Console.Error.WriteLineAsync(
            $"The store is as version {summary.ProgramVersion} left it at {summary.TakenAt.UtcDateTime:u}: {summary.Rows} rows and {summary.Blobs} uploaded sources.");
        return 0;
    }

    internal static async Task TellMissingAsync(RestoreSummary summary)
    {
        foreach (var missing in summary.MissingBlobs)
            await Console.Error.WriteLineAsync($"pilothouse-server: the uploaded source '{missing}' was not there when the backup was made.");
    }
}
