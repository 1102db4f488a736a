using System.CommandLine;

namespace Pilothouse.Server.Serve;

/// <summary><c>pilothouse-server migrate</c>: for operators who change the schema before they change the program.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var data = ServeCommand.ForData();
        var database = ServeCommand.ForDatabase();
        var command = new Command("migrate", "Brings the store to the schema of this version and ends; serve does so too.") { data, database };
        command.SetAction((parsed, cancellationToken) => ServeProgram.MigrateAsync(
            new ServeFlags(parsed.GetValue(data), Urls: null, PublicUrl: null, Domain: null, parsed.GetValue(database)), cancellationToken));
        return command;
    }
}
