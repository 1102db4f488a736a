using System.Diagnostics;
using System.Runtime.InteropServices;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>The real program in a process of its own, on a data directory of its own; may be killed and started again on the same address.</summary>
public sealed partial class RunningServer : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const int Stop = 19;
    private const int Continue = 18;
    private readonly List<string> _lines = [];
    private readonly Dictionary<string, string> _settings;
    private readonly bool _ownsDirectory;
    private readonly IReadOnlyList<string> _under;
    private readonly PrismFront? _front;
    private readonly Uri _listens;
    private Process _process = null!;

    private RunningServer(string directory, bool ownsDirectory, Dictionary<string, string> settings, IReadOnlyList<string> under)
    {
        _under = under;
        DataDirectory = directory;
        _ownsDirectory = ownsDirectory;
        _settings = settings;
        var port = FreePort.Take();
        Address = new Uri($"http://127.0.0.1:{port}");
        _front = PrismFront.Start(port);
        _listens = _front?.Server ?? Address;
    }

    public string DataDirectory { get; }

    public Uri Address { get; }

    /// <summary>What the next start runs.</summary>
    public string Program { get; set; } = Repository.Built("Pilothouse.Server", "pilothouse-server.dll");

    public int ProcessId => _process.Id;

    public string Key => File.ReadAllText(Path.Combine(DataDirectory, "bootstrap-key")).Trim();

    /// <summary>Standard output and standard error of all starts.</summary>
    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <param name="settings">Configuration, e.g. <c>Listener:DrainLimit</c>.</param>
    /// <param name="under">Program and arguments that the server's own command line is given to; it must become the server.</param>
    /// <param name="program">Null: that of this build.</param>
    public static async Task<RunningServer> StartAsync(
        Dictionary<string, string>? settings = null, string? directory = null, IReadOnlyList<string>? under = null, string? program = null)
    {
        var server = new RunningServer(
            directory ?? Directory.CreateTempSubdirectory("pilothouse-e2e-").FullName, directory is null, settings ?? [], under ?? []);
        if (program is not null) server.Program = program;
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Returns once <c>GET /ok</c> answers.</summary>
    public async Task StartAgainAsync()
    {
        Launch();
        using var http = new HttpClient { BaseAddress = Address };
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.False(_process.HasExited, $"The server ended with code {(_process.HasExited ? _process.ExitCode : 0)}:\n{Output}");
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), $"The server does not answer:\n{Output}");
            try
            {
                using var answer = await http.GetAsync(new Uri("/ok", UriKind.Relative), Repository.Cancel);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Repository.Cancel);
        }
    }

    /// <summary>Starts the process and does not wait for anything.</summary>
    public void Launch()
    {
        string[] command =
        [
            .. _under, "dotnet", Program, "serve", "--data", DataDirectory,
            "--urls", _listens.AbsoluteUri.TrimEnd('/'), .. PublicUrl(),
        ];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Repository.PackageSources) start.Environment[name] = value;
        foreach (var (name, value) in _settings) start.Environment[$"PILOTHOUSE_{name.Replace(":", "__", StringComparison.Ordinal)}"] = value;
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
        _ = Signal(_process.Id, Kill);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGSTOP: the process alone, as a machine that hangs; its agents go on.</summary>
    public void Pause() => _ = Signal(_process.Id, Stop);

    public void Resume() => _ = Signal(_process.Id, Continue);

    /// <returns>The exit code, once it has ended by itself.</returns>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(limit);
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
        _ = Signal(_process.Id, Terminate);
        return await ExitAsync();
    }

    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Add("X-Api-Key", key ?? Key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await StopAsync();
        _process.Dispose();
        _front?.Dispose();
        if (_ownsDirectory && TestContext.Current.TestState?.Result != TestResult.Failed) Directory.Delete(DataDirectory, recursive: true);
    }

    private string[] PublicUrl() => _front is null ? [] : ["--public-url", Address.AbsoluteUri.TrimEnd('/')];

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_lines) _lines.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int process, int signal);
}
