using System.CommandLine;
using Pilothouse.Server.Serve;

var root = new RootCommand("The Pilothouse control plane: builds, runs and routes to agent servers.") { ServeCommand.Create() };
return await root.Parse(args).InvokeAsync();
