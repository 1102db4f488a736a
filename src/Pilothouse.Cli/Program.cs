using Pilothouse.Cli;

return await PilothouseCommand.RunAsync(args, Console.Out, Console.Error);
