using System.CommandLine;
using Pilothouse.Server.Backups;
using Pilothouse.Server.Listening;
using Pilothouse.Server.Serve;

var root = new RootCommand("The Pilothouse control plane: builds, runs and routes to agent servers.")
{
    ServeCommand.Create(), MigrateCommand.Create(), BackupCommand.Create(), RestoreCommand.Create(), VerifyBackupCommand.Create(), KeysCommand.Create(), ListenerCommand.Create(),
};

// Longer than the host itself takes to stop: the default of two seconds would cut off requests and replicas that end well.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
