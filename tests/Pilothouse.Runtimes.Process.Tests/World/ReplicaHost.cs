using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process.Tests.World;

/// <summary>What a <see cref="HostProcess"/> runs.</summary>
/// <param name="Root">Of <see cref="ProcessRuntimeTest.OptionsFor"/>.</param>
internal sealed record HostedReplicas(string Root, bool UsesCgroups, IReadOnlyList<ReplicaSpec> Specs)
{
    public static HostedReplicas Of(string root, params IEnumerable<string> scripts) =>
        new(root, UsesCgroups: true, [.. scripts.Select(script => ProcessRuntimeTest.SpecOf(root, script))]);
}

/// <summary>The other end of <see cref="HostProcess"/>.</summary>
internal static class ReplicaHost
{
    public const string Verb = "host";
    public const string Ready = "ready";

    /// <param name="replicas"><see cref="HostedReplicas"/> as JSON.</param>
    public static async Task<int> RunAsync(string replicas)
    {
        var (root, usesCgroups, specs) = JsonSerializer.Deserialize<HostedReplicas>(replicas)!;
        var options = ProcessRuntimeTest.OptionsFor(root);
        options.UsesCgroups = usesCgroups;
        await using var runtime = new ProcessRuntime(Options.Create(options), [], TimeProvider.System, NullLogger<ProcessRuntime>.Instance);
        foreach (var spec in specs)
            await runtime.StartAsync(spec, CancellationToken.None);

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (runtime.List().Any(replica => replica.Phase != ReplicaPhase.Ready))
            await timer.WaitForNextTickAsync();
        Console.WriteLine(Ready);

        // Ends with the test, whatever becomes of it.
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
