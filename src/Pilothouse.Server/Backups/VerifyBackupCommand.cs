using System.CommandLine;
using Pilothouse.Control.Backups;
using Pilothouse.Server.Serve;

namespace Pilothouse.Server.Backups;

/// <summary><c>pilothouse-server verify-backup FILE</c>: a restore aside, of which nothing stays.</summary>
internal static class VerifyBackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A backup." };
        var data = ServeCommand.ForData();
        data.Description = "Data directory whose master key the backup needs, unless Secrets:MasterKey names another. [default: ./.pilothouse]";
        var command = new Command("verify-backup", "Restores a backup into a temporary directory, opens every secret in it, and reports.") { file, data };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(data), parsed.GetRequiredValue(file), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? data, string file, CancellationToken cancellationToken)
    {
        var aside = Directory.CreateTempSubdirectory("pilothouse-verify-");
        try
        {
            var flags = StoreProgram.Flags(data);
            var configured = new ConfigurationBuilder().AddServeSettings(flags).Build();
            var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
            {
                ["Storage:DataDirectory"] = aside.FullName,
                ["Storage:Database"] = null,
                ["Storage:SharedDirectory"] = null,
                ["Secrets:MasterKey"] = configured["Secrets:MasterKey"] ?? $"file:{Path.Combine(configured["Storage:DataDirectory"]!, "master-key")}",
            };
            return await StoreProgram.RunAsync(flags, services => VerifyAsync(services, file, cancellationToken), settings);
        }
        finally
        {
            aside.Delete(recursive: true);
        }
    }

    private static async Task<int> VerifyAsync(IServiceProvider services, string file, CancellationToken cancellationToken)
    {
        var backups = services.GetRequiredService<StoreBackups>();
        var restored = await backups.RestoreAsync(file, cancellationToken);
        await RestoreCommand.TellMissingAsync(restored);
        var secrets = await backups.CheckSecretsAsync(cancellationToken);
        if (secrets.Unreadable.Count > 0)
        {
            await Console.Error.WriteLineAsync(
                $"pilothouse-server: {secrets.Unreadable.Count} of {secrets.Unreadable.Count + secrets.Opened} sealed values in '{file}' cannot be opened: {string.Join(", ", secrets.Unreadable.Take(10))}.");
            return 1;
        }

        await Console.Error.WriteLineAsync(
            $"'{file}' is whole: version {restored.ProgramVersion}, {restored.TakenAt.UtcDateTime:u}, {restored.Rows} rows, {restored.Blobs} uploaded sources; all {secrets.Opened} sealed values open.");
        return 0;
    }
}
