using System.Diagnostics;
using System.Text.Json;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary><c>pilothouse-server listener</c>, on this host or a second one.</summary>
public sealed class RunningListener : RunningProgram, IAsyncDisposable
{
    private readonly string _controlPlane;
    private readonly string _key;
    private readonly string _computeId;
    private readonly SecondHost? _host;
    private readonly Dictionary<string, string> _settings;
    private readonly string _listens;

    private RunningListener(string controlPlane, string key, SecondHost? host, string computeId, Dictionary<string, string> settings)
    {
        (_controlPlane, _key, _host, _computeId, _settings) = (controlPlane, key, host, computeId, settings);
        _listens = $"http://{host?.Callers ?? "127.0.0.1"}:{FreePort.Take()}";
    }

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("pilothouse-e2e-listener-").FullName;

    /// <summary>As the control plane knows it.</summary>
    public string Id => JsonDocument.Parse(File.ReadAllText(Path.Combine(DataDirectory, "listener.json"))).RootElement.GetProperty("listener_id").GetString()!;

    public Uri Gateway => new(_listens);

    /// <param name="key">Of the listener, or of the workspace.</param>
    /// <param name="host">Null: this one.</param>
    /// <param name="isStandby">Another instance leads: only the process is waited for.</param>
    public static async Task<RunningListener> StartAsync(
        string controlPlane, string key, SecondHost? host = null, string computeId = "second-host", Dictionary<string, string>? settings = null, bool isStandby = false)
    {
        var listener = new RunningListener(controlPlane, key, host, computeId, settings ?? []);
        await listener.StartAgainAsync(isStandby);
        return listener;
    }

    /// <summary>Returns once it leads and its agents have their routes.</summary>
    public async Task StartAgainAsync(bool isStandby = false)
    {
        Launch();
        await UntilAsync(isStandby ? "/ok" : "/readyz", TimeSpan.FromSeconds(60));
    }

    public async Task UntilAsync(string path, TimeSpan limit)
    {
        using var http = new HttpClient { BaseAddress = Gateway };
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.False(HasExited, $"The listener ended with code {(HasExited ? ExitCode : 0)}:\n{Output}");
            Assert.True(Stopwatch.GetElapsedTime(began) < limit, $"The listener does not answer {path}:\n{Output}");
            try
            {
                using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Repository.Cancel);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Repository.Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!HasExited) await StopAsync();
        Forget();
        if (TestContext.Current.TestState?.Result != TestResult.Failed) Directory.Delete(DataDirectory, recursive: true);
    }

    protected override string[] Command() =>
    [
        .. _host?.Under ?? [], "dotnet", Program, "listener", "--control-plane", _controlPlane, "--compute-id", _computeId, "--data", DataDirectory, "--urls", _listens,
    ];

    /// <summary>With a toolchain of its own, as another host would have.</summary>
    protected override Dictionary<string, string> Environment()
    {
        var variables = _settings.ToDictionary(
            setting => $"PILOTHOUSE_{setting.Key.Replace(":", "__", StringComparison.Ordinal)}", setting => setting.Value, StringComparer.Ordinal);
        variables["PILOTHOUSE_ControlPlane__Key"] = _key;
        variables.TryAdd("PILOTHOUSE_Builds__ToolchainDirectory", Path.Combine(DataDirectory, "toolchains"));
        return variables;
    }
}
