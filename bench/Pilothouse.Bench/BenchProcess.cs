using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Pilothouse.Bench;

/// <summary>A program that a benchmark starts and ends; its output is kept for the case that something fails.</summary>
internal sealed partial class BenchProcess : IAsyncDisposable
{
    private const double TicksPerSecond = 100;
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private BenchProcess(Process process) => _process = process;

    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines.TakeLast(60));
        }
    }

    /// <summary>Of the process itself, without its children.</summary>
    public double CpuSeconds => Stat().Skip(11).Take(2).Sum(long.Parse) / TicksPerSecond;

    public long ResidentBytes => long.Parse(Stat()[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    public static BenchProcess Start(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // A group of its own with the same id as the process, so that what it starts ends with it.
        var start = new ProcessStartInfo("setsid", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var started = new BenchProcess(new Process { StartInfo = start });
        started._process.OutputDataReceived += (_, line) => started.Keep(line.Data);
        started._process.ErrorDataReceived += (_, line) => started.Keep(line.Data);
        started._process.Start();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>To its end; fails on another code than 0.</summary>
    public static async Task RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        await using var process = Start(folder, environment, arguments);
        await process._process.WaitForExitAsync();
        if (process._process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with code {process._process.ExitCode}:\n{process.Output}");
    }

    /// <summary>What a short program printed.</summary>
    public static async Task<string> OutputAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(arguments[0], arguments.Skip(1)) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }

    public async Task UntilOkAsync(Uri url)
    {
        using var http = new HttpClient();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(3) && !_process.HasExited)
        {
            try
            {
                using var answer = await http.GetAsync(url);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        throw new InvalidOperationException($"{url} does not answer:\n{Output}");
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        // Also when its leader is gone: what it left must not run beside the next measurement.
        _ = Signal(-_process.Id, 15);
        await EndsAsync(TimeSpan.FromSeconds(20));
        _ = Signal(-_process.Id, 9);
        await EndsAsync(TimeSpan.FromSeconds(10));
        _process.Dispose();
    }

    /// <summary>Behind the name, which may hold anything (proc_pid_stat(5)): the third field is the first here.</summary>
    private string[] Stat() => File.ReadAllText($"/proc/{_process.Id}/stat").Split(')').Last().Trim().Split(' ');

    private async Task EndsAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            // Then it is ended by force.
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_lines) _lines.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int process, int signal);
}
