using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.World;

/// <summary>A control plane in a process of its own, which may be killed: <see cref="ReplicaHost"/> with an environment that is fully the test's.</summary>
internal sealed class HostProcess : IDisposable
{
    /// <summary>Without these .NET is not found, or not the directories that the test looks in.</summary>
    private static readonly string[] s_needed = ["PATH", "HOME", "TMPDIR", "DOTNET_ROOT"];

    private readonly System.Diagnostics.Process _process;

    private HostProcess(System.Diagnostics.Process process) => _process = process;

    /// <summary>Returns once all replicas are ready.</summary>
    /// <param name="environment">Beside what it needs itself; null: nothing.</param>
    public static async Task<HostProcess> StartAsync(HostedReplicas replicas, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Pilothouse.Runtimes.Process.Tests"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(ReplicaHost.Verb);
        start.ArgumentList.Add(JsonSerializer.Serialize(replicas));
        start.Environment.Clear();
        foreach (var name in s_needed)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value) start.Environment[name] = value;
        }

        // Sockets of .NET's diagnostics would outlive a kill.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;

        var host = new HostProcess(System.Diagnostics.Process.Start(start)!);
        var errors = new ConcurrentQueue<string?>();
        host._process.ErrorDataReceived += (_, line) => errors.Enqueue(line.Data);
        host._process.BeginErrorReadLine();
        if (await host._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is not ReplicaHost.Ready)
            Assert.Fail($"The control plane did not become ready: {string.Join('\n', errors)}");
        return host;
    }

    /// <summary><c>kill -9</c> of it alone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Ends its input, so that it stops its replicas and itself.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
