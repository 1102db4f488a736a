using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Sweeping;
using Pilothouse.Runtimes.Process.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests;

/// <summary>With cgroups where the machine lets us have them.</summary>
public class ProcessRuntimeContractTests : RuntimeContractTests
{
    protected virtual bool UsesCgroups => true;

    protected override IRuntime Create(IReplicaObserver observer)
    {
        var options = ProcessRuntimeTest.OptionsFor(Root);
        options.UsesCgroups = UsesCgroups;
        options.SweepLimit = TimeSpan.FromMilliseconds(500);
        return new ProcessRuntime(Options.Create(options), [observer], TimeProvider.System, NullLogger<ProcessRuntime>.Instance);
    }

    protected override LaunchSpec Launch(ContractServer server) => Servers.Launch(Root, server switch
    {
        ContractServer.Healthy => Servers.Healthy,
        ContractServer.NeverReady => Servers.NeverReady,
        ContractServer.Late => Servers.Late,
        ContractServer.Grows => Servers.Grows,
        ContractServer.Drains => Servers.Drains,
        ContractServer.Stubborn => Servers.Stubborn,
        ContractServer.Daemonizes => Servers.Daemonizes,
        _ => $"if (!fs.existsSync('{Mended}')) process.exit(3);\n{Servers.Healthy}",
    });

    protected override IReadOnlyCollection<int> Processes() =>
        [.. ProcessRuntimeTest.ProcessesBelow(Root).Select(process => process.Identity.Id)];

    protected override void Kill(int processId)
    {
        if (ProcessTable.Find(processId) is { } process) ProcessTable.Signal(process.Identity, 9);
    }

    protected override async Task LeaveBehindAsync(params IReadOnlyList<ReplicaSpec> specs)
    {
        using var host = await HostProcess.StartAsync(new HostedReplicas(Root, UsesCgroups, specs));
        await host.KillAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        var (groups, records) = (ProcessRuntimeTest.GroupsBelow(Root), ProcessRuntimeTest.RecordsBelow(Root));
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
        Assert.Empty(groups);
        Assert.Empty(records);
    }
}

/// <summary>As on a machine that gives us no cgroups.</summary>
public sealed class ProcessRuntimeWithoutCgroupsContractTests : ProcessRuntimeContractTests
{
    protected override bool UsesCgroups => false;
}
