namespace Pilothouse.Builds.Toolchains;

/// <summary>A program run to its end.</summary>
/// <param name="Arguments">argv, program first, absolute.</param>
/// <param name="Environment">All that the program gets besides what the runner adds (operator's package sources).</param>
internal sealed record ToolCommand(IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment);

/// <summary>Runs a command and hands over its lines; the exit code is the answer.</summary>
/// <param name="onLine">Called with each line of both streams.</param>
internal delegate Task<int> RunCommand(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken);
