using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pilothouse.EndToEnd.World;

/// <summary>The real program in a process of its own; may be killed and started again.</summary>
public abstract partial class RunningProgram
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const int Stop = 19;
    private const int Continue = 18;
    private readonly List<string> _lines = [];
    private Process? _process;

    /// <summary>What the next start runs.</summary>
    public string Program { get; set; } = Repository.Built("Pilothouse.Server", "pilothouse-server.dll");

    public int ProcessId => _process!.Id;

    /// <summary>Standard output and standard error of all starts.</summary>
    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    protected bool HasExited => _process?.HasExited ?? true;

    protected int ExitCode => _process!.ExitCode;

    /// <summary>Starts the process and does not wait for anything.</summary>
    public void Launch()
    {
        var command = Command();
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Repository.PackageSources) start.Environment[name] = value;
        foreach (var (name, value) in Environment()) start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>SIGKILL: the process alone, as a crash would.</summary>
    public async Task KillAsync()
    {
        _ = Signal(ProcessId, Kill);
        await _process!.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGSTOP: the process alone, as a machine that hangs; its agents go on.</summary>
    public void Pause() => _ = Signal(ProcessId, Stop);

    public void Resume() => _ = Signal(ProcessId, Continue);

    /// <returns>The exit code, once it has ended by itself.</returns>
    public async Task<int> ExitAsync()
    {
        await _process!.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        try
        {
            await _process!.WaitForExitAsync(CancellationToken.None).WaitAsync(limit);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        _ = Signal(ProcessId, Terminate);
        return await ExitAsync();
    }

    /// <summary>Program and arguments.</summary>
    protected abstract string[] Command();

    protected abstract Dictionary<string, string> Environment();

    protected void Forget() => _process?.Dispose();

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_lines) _lines.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int process, int signal);
}
