using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Toolchains;

namespace Pilothouse.Builds.Sandbox;

/// <summary>Runs a project's own programs, in the sandbox where there is one, and holds them to the build's limits.</summary>
/// <param name="bubblewrap">Null: without a sandbox, and then also without a shell.</param>
/// <param name="home">The operator's.</param>
internal sealed class ProjectCommands(
    BuildDirectory directory, SandboxView view, BuildWatch watch, PackageSources sources, string? bubblewrap, string home, TimeProvider time)
{
    private int _commands;

    /// <summary>A <see cref="RunCommand"/>.</summary>
    public async Task<int> RunAsync(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken)
    {
        if (bubblewrap is not null) return await RunOneAsync(Bubblewrap.Arguments(bubblewrap, view, command, home), "/", "/tmp", command, onLine, cancellationToken);
        return command.Arguments is [_, "-c", var text] && Path.GetFileName(command.Arguments[0]) is "sh" or "bash" or "dash"
            ? await RunStepsAsync(command, text, onLine, cancellationToken)
            : await RunHereAsync(command, onLine, cancellationToken);
    }

    /// <summary>No shell outside the sandbox, ever.</summary>
    private async Task<int> RunStepsAsync(ToolCommand command, string text, Action<string> onLine, CancellationToken cancellationToken)
    {
        const int notFound = 127;
        const int misuse = 2;
        if (PlainCommand.Parse(text, out var why) is not { } steps)
        {
            onLine($"This command needs a shell ({why}), and there is none outside the sandbox; use plain programs joined by &&, or install bubblewrap on this host.");
            return misuse;
        }

        var folder = command.WorkingDirectory;
        foreach (var (variables, arguments) in steps)
        {
            if (arguments[0] is "cd")
            {
                var target = arguments.Count == 2 ? Path.GetFullPath(Path.Combine(folder, arguments[1])) : "";
                if (!(target + '/').StartsWith(directory.Source + '/', StringComparison.Ordinal) || !Directory.Exists(target))
                {
                    onLine($"cd {string.Join(' ', arguments.Skip(1))}: there is no such folder in the source.");
                    return misuse;
                }

                folder = target;
                continue;
            }

            var environment = new Dictionary<string, string>(command.Environment, StringComparer.Ordinal);
            foreach (var (name, value) in variables) environment[name] = value;
            if (Find(arguments[0], folder, environment) is not { } program)
            {
                onLine($"{arguments[0]}: there is no such program.");
                return notFound;
            }

            var code = await RunHereAsync(new ToolCommand([program, .. arguments.Skip(1)], folder, environment), onLine, cancellationToken);
            if (code != 0) return code;
        }

        return 0;
    }

    private static string? Find(string program, string folder, Dictionary<string, string> environment) => program.Contains('/', StringComparison.Ordinal)
        ? File.Exists(Path.Combine(folder, program)) ? Path.GetFullPath(Path.Combine(folder, program)) : null
        : environment.GetValueOrDefault("PATH", "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(place => Path.Combine(place, program)).FirstOrDefault(File.Exists);

    private Task<int> RunHereAsync(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken) =>
        RunOneAsync(
            [.. HostPrograms.DieWithUs, .. command.Arguments], command.WorkingDirectory, directory.Temporary, command, onLine, cancellationToken);

    private async Task<int> RunOneAsync(
        IReadOnlyList<string> arguments, string folder, string temporary, ToolCommand command, Action<string> onLine, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(watch.Token, cancellationToken);
        var code = await ChildProgram.RunAsync(
            [.. HostPrograms.NewSession, .. HostPrograms.Lowest, .. arguments], folder, Environment(command, temporary), line =>
            {
                if (watch.CountLine()) onLine(line);
            }, watch.Enter, time, both.Token);
        watch.CheckGroup();
        watch.Token.ThrowIfCancellationRequested();
        return code;
    }

    private Dictionary<string, string> Environment(ToolCommand command, string temporary)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = directory.Home,
            ["TMPDIR"] = temporary,
            ["LANG"] = "C.UTF-8",
            ["TERM"] = "dumb",
            ["NO_COLOR"] = "1",
            ["PATH"] = "/usr/bin:/bin",
        };
        foreach (var (name, value) in sources.Except(command.Environment)) environment[name] = value;
        foreach (var (name, value) in command.Environment) environment[name] = value;
        environment[MarkedProcesses.Variable] = MarkedProcesses.OfCommand(directory.Root, Interlocked.Increment(ref _commands));
        return environment;
    }
}
