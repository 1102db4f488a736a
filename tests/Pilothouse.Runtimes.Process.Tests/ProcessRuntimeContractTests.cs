using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Sweeping;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests;

public sealed class ProcessRuntimeContractTests : RuntimeContractTests
{
    protected override IRuntime Create(IReplicaObserver observer) => new ProcessRuntime(
        Options.Create(ProcessRuntimeTest.OptionsFor(Root)), [observer], TimeProvider.System, NullLogger<ProcessRuntime>.Instance);

    protected override LaunchSpec Launch(ContractServer server) => Servers.Launch(Root, server switch
    {
        ContractServer.Healthy => Servers.Healthy,
        ContractServer.NeverReady => Servers.NeverReady,
        ContractServer.Late => Servers.Late,
        _ => Servers.Exits,
    });

    protected override bool IsAlive(ReplicaStatus status) =>
        status.ProcessId is { } processId && ProcessTable.Find(processId) is { IsAlive: true };

    public override async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        var left = ProcessRuntimeTest.ProcessesBelow(Root);
        await base.DisposeAsync();
        Assert.Empty(left);
    }
}
