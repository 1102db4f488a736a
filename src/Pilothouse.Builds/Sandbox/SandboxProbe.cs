using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Sandbox;

/// <summary>Finds out once whether bubblewrap works here: it is often installed where the kernel or a container forbids what it does.</summary>
internal sealed class SandboxProbe(SandboxMode mode, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private readonly SemaphoreSlim _gate = new(1);
    private (string? Program, string WhyNot)? _found;

    /// <returns>Bubblewrap's program; null when builds run without it, and then why.</returns>
    /// <exception cref="BuildUnavailableException">There must be a sandbox and there is none.</exception>
    public async Task<(string? Program, string WhyNot)> FindAsync(CancellationToken cancellationToken)
    {
        if (mode == SandboxMode.Off) return (null, "Builds:Sandbox is off");
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var found = _found ?? await ProbeAsync(cancellationToken);
            // What works now works later; what does not may be installed meanwhile.
            if (found.Program is not null) _found = found;
            return found.Program is null && mode == SandboxMode.Required
                ? throw new BuildUnavailableException($"Builds:Sandbox is required, and {found.WhyNot}; install bubblewrap or let this user make user namespaces.")
                : found;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<(string? Program, string WhyNot)> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || HostPrograms.Find("bwrap") is not { } program) return (null, "bubblewrap is not installed");
        if (HostPrograms.Find("true") is not { } nothing) return (null, "there is no program to try bubblewrap with");

        var folder = Directory.CreateTempSubdirectory("pilothouse-sandbox-");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        var lines = new List<string>();
        try
        {
            var view = new SandboxView(folder.FullName, folder.FullName, folder.FullName, folder.FullName, folder.FullName, Readable: []);
            var environment = new Dictionary<string, string>(StringComparer.Ordinal) { [MarkedProcesses.Variable] = MarkedProcesses.OfCommand(folder.FullName, 0) };
            var command = new ToolCommand([nothing], folder.FullName, environment);
            var code = await ChildProgram.RunAsync(
                Bubblewrap.Arguments(program, view, command, home: ""), "/", environment, lines.Add, _ => { }, time, limit.Token);
            return code == 0 ? (program, "") : (null, $"bubblewrap does not work here ({string.Join(' ', lines.Take(2))})");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"bubblewrap did not answer within {s_limit.TotalSeconds} s");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
