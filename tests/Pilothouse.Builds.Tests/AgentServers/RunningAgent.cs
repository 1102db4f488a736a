using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Core.Launching;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers;

/// <summary>A process started from a launch spec, as a runtime does it.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private RunningAgent(Process process, int port)
    {
        _process = process;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    public static RunningAgent Start(LaunchSpec spec, string artifact, string state, int? port = null, bool scratch = false)
    {
        var free = port ?? FreePort.Take();
        var site = new LaunchSite(artifact, state, NodeHost.Toolchains.Directory, "127.0.0.1", free);
        var arguments = spec.Arguments.Select(argument => Placeholders.Expand(argument, site)).ToArray();
        var start = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            WorkingDirectory = Placeholders.Expand(spec.WorkingDirectory, site),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name is not "PATH").ToArray()) start.Environment.Remove(name);
        foreach (var (name, value) in spec.Environment) start.Environment[name] = Placeholders.Expand(value, site);
        foreach (var (name, value) in spec.ProjectEnvironment) start.Environment[name] = value;
        if (scratch)
            foreach (var (name, value) in spec.ScratchEnvironment) start.Environment[name] = value;

        var agent = new RunningAgent(new Process { StartInfo = start }, free);
        agent._process.OutputDataReceived += (_, line) => agent.Keep(line.Data);
        agent._process.ErrorDataReceived += (_, line) => agent.Keep(line.Data);
        agent._process.Start();
        agent._process.BeginOutputReadLine();
        agent._process.BeginErrorReadLine();
        return agent;
    }

    public static async Task<RunningAgent> ReadyAsync(LaunchSpec spec, string artifact, string state, bool scratch = false)
    {
        var agent = Start(spec, artifact, state, scratch: scratch);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (agent._process.HasExited) throw new InvalidOperationException($"The agent ended with code {agent._process.ExitCode}:\n{agent.Output}");
            try
            {
                using var answer = await agent.Client.GetAsync(spec.HealthPath, limit.Token);
                if (answer.IsSuccessStatusCode) return agent;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await Client.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path} answered {(int)answer.StatusCode}: {text}\n{Output}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<string[]> BusyAsync()
    {
        var answer = await Client.GetFromJsonAsync<JsonElement>("/.pilothouse/busy", TestContext.Current.CancellationToken);
        return [.. answer.GetProperty("busy").EnumerateArray().Select(id => id.GetString()!)];
    }

    public async Task<string[]> MessagesAsync(string thread)
    {
        var state = await Client.GetFromJsonAsync<JsonElement>($"/threads/{thread}/state", TestContext.Current.CancellationToken);
        return Messages(state.GetProperty("values"));
    }

    public static string[] Messages(JsonElement values) =>
        [.. values.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").GetString()!)];

    /// <summary>SIGTERM, then the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Assert.Equal(0, Kill(_process.Id, 15));
        return await ExitAsync();
    }

    public async Task<int> ExitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_lines) _lines.Add(line);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
