using System.Diagnostics;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>The real program in a process of its own, on a data directory of its own; may be killed and started again on the same address.</summary>
public sealed class RunningServer : RunningProgram, IAsyncDisposable
{
    /// <summary>Each way, between control plane and listener.</summary>
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, string> _settings;
    private readonly bool _ownsDirectory;
    private readonly IReadOnlyList<string> _under;
    private readonly PrismFront? _front;
    private readonly Uri _listens;
    private SecondHost? _second;

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

    /// <summary>All deployments go to a listener on a second host.</summary>
    public static bool IsRemote => System.Environment.GetEnvironmentVariable("PILOTHOUSE_E2E_REMOTE") is "1";

    public string DataDirectory { get; }

    /// <summary>What runs the agents, where that is another host.</summary>
    public RunningListener? Listener { get; private set; }

    /// <summary>Where the agents of deployments are, and their state.</summary>
    public string AgentsDirectory => Listener?.DataDirectory ?? DataDirectory;

    public Uri Address { get; }

    public string Key => File.ReadAllText(Path.Combine(DataDirectory, "bootstrap-key")).Trim();

    /// <param name="settings">Configuration, e.g. <c>Listener:DrainLimit</c>.</param>
    /// <param name="under">Program and arguments that the server's own command line is given to; it must become the server.</param>
    /// <param name="program">Null: that of this build.</param>
    /// <param name="second">Runs the agents; the server's from now on. Null: this host does, unless all tests run their agents on another.</param>
    public static async Task<RunningServer> StartAsync(
        Dictionary<string, string>? settings = null, string? directory = null, IReadOnlyList<string>? under = null, string? program = null, SecondHost? second = null)
    {
        var server = new RunningServer(
            directory ?? Directory.CreateTempSubdirectory("pilothouse-e2e-").FullName, directory is null, settings ?? [], under ?? []);
        if (program is not null) server.Program = program;
        server._second = second ?? (IsRemote ? await SecondHost.CreateAsync(s_delay) : null);
        await server.StartAgainAsync();
        if (server._second is { } host) server.Listener = await RunningListener.StartAsync(host.ControlPlane(server._listens.Port), server.Key, host);
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
            Assert.False(HasExited, $"The server ended with code {(HasExited ? ExitCode : 0)}:\n{Output}");
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

    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Add("X-Api-Key", key ?? Key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (Listener is not null) await Listener.DisposeAsync();
        if (!HasExited) await StopAsync();
        Forget();
        if (_second is not null) await _second.DisposeAsync();
        _front?.Dispose();
        if (_ownsDirectory && TestContext.Current.TestState?.Result != TestResult.Failed) Directory.Delete(DataDirectory, recursive: true);
    }

    private string[] PublicUrl() => _front is null ? [] : ["--public-url", Address.AbsoluteUri.TrimEnd('/')];

    protected override string[] Command() =>
    [
        .. _under, "dotnet", Program, "serve", "--data", DataDirectory, "--urls", string.Join(';', Urls()), .. PublicUrl(),
    ];

    protected override Dictionary<string, string> Environment() =>
        _settings.ToDictionary(setting => $"PILOTHOUSE_{setting.Key.Replace(":", "__", StringComparison.Ordinal)}", setting => setting.Value, StringComparer.Ordinal);

    private IEnumerable<string> Urls() => _second is null
        ? [_listens.AbsoluteUri.TrimEnd('/')]
        : [_listens.AbsoluteUri.TrimEnd('/'), .. _second.Opens(_listens.Port)];
}
