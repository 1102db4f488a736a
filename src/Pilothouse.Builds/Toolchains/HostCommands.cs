using Pilothouse.Builds.Sandbox;

namespace Pilothouse.Builds.Toolchains;

/// <summary>
/// Runs our own programs, those that fill the toolchain, on the host itself: nothing that a project brings, and no package's install scripts.
/// </summary>
/// <param name="home">The operator's, where their package managers have their settings.</param>
internal sealed class HostCommands(PackageSources sources, string home, TimeProvider time)
{
    private int _commands;

    /// <summary>A <see cref="RunCommand"/>.</summary>
    public Task<int> RunAsync(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = home,
            ["LANG"] = "C.UTF-8",
            ["TERM"] = "dumb",
            ["NO_COLOR"] = "1",
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
        };
        foreach (var (name, value) in sources.Except(command.Environment)) environment[name] = value;
        foreach (var (name, value) in command.Environment) environment[name] = value;
        environment[MarkedProcesses.Variable] = MarkedProcesses.OfCommand($"{command.WorkingDirectory}@{Environment.ProcessId}", Interlocked.Increment(ref _commands));
        return ChildProgram.RunAsync(
            [.. HostPrograms.NewSession, .. HostPrograms.DieWithUs, .. command.Arguments], command.WorkingDirectory, environment, onLine, _ => { }, time, cancellationToken);
    }
}
