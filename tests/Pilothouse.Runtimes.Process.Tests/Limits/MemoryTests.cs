using Pilothouse.Core.Deployments;
using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Limits;

public sealed class MemoryTests : ProcessRuntimeTest
{
    private const int LimitMebibytes = 192;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Memory_of_what_a_replica_started_counts_too(bool usesCgroups)
    {
        // Three of 100 MiB each: none is above the limit alone, and none is in the replica's group.
        const string part = "const all = Buffer.alloc(100 << 20, 1); setInterval(() => {}, 1000);";
        var spec = Limited($$"""
            listen();
            if (isFirst()) {
              let left = 3;
              for (let i = 0; i < 3; i++)
                spawn(process.execPath, ['-e', '{{part}}'], { detached: true, stdio: 'ignore' }).on('exit', () => { if (--left < 3) process.exit(9); });
            }
            """);
        var runtime = CreateWith(usesCgroups);

        await runtime.StartAsync(spec, Cancel);
        var again = await UntilAsync(runtime, spec, status => status is { Restarts: 1, Phase: ReplicaPhase.Ready });

        // Which of them the kernel takes is the kernel's choice.
        Assert.True(again.LastExit!.IsOutOfMemory);
        Assert.Contains($"out of memory (limit {LimitMebibytes} MiB)", again.LastExit.Reason, StringComparison.Ordinal);
        Assert.Equal(again.ProcessId, Assert.Single(ProcessesBelow(Root)).Identity.Id);
    }

    [Fact]
    public async Task Full_heap_of_a_JavaScript_server_is_told_as_out_of_memory()
    {
        var spec = Spec("const all = []; while (true) all.push({ text: String(all.length) });") with { IsScratch = true };
        spec = spec with { Launch = spec.Launch with { Arguments = ["node", "--max-old-space-size=32", spec.Launch.Arguments[1]] } };
        var runtime = Create();

        await runtime.StartAsync(spec, Cancel);
        var ended = await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ended);

        Assert.Equal((true, "out of memory (JavaScript heap, limit 1024 MiB)"), (ended.LastExit!.IsOutOfMemory, ended.LastExit.Reason));
    }

    private ReplicaSpec Limited(string script) =>
        Spec(script) with { Limits = new ReplicaLimits(1, LimitMebibytes * 1024L * 1024) };

    private ProcessRuntime CreateWith(bool usesCgroups)
    {
        var options = OptionsFor(Root);
        options.UsesCgroups = usesCgroups;
        return Create(options);
    }
}
