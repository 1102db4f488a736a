using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process.Tests.World;

/// <summary>What <see cref="HostProcess"/> runs: a runtime with one replica for each script.</summary>
internal static class ReplicaHost
{
    public const string Verb = "host";
    public const string Ready = "ready";

    public static async Task<int> RunAsync(string root, IReadOnlyList<string> scripts)
    {
        await using var runtime = new ProcessRuntime(
            Options.Create(ProcessRuntimeTest.OptionsFor(root)), [], TimeProvider.System, NullLogger<ProcessRuntime>.Instance);
        foreach (var script in scripts)
            await runtime.StartAsync(ProcessRuntimeTest.SpecOf(root, script), CancellationToken.None);

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (runtime.List().Any(replica => replica.Phase != ReplicaPhase.Ready))
            await timer.WaitForNextTickAsync();
        Console.WriteLine(Ready);

        // Ends with the test, whatever becomes of it.
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
