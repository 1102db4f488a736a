using System.Collections.Concurrent;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests;

public sealed class FakeRuntimeContractTests : RuntimeContractTests
{
    private readonly FakeMachine _machine = new();
    private readonly ConcurrentDictionary<ReplicaName, int> _starts = new();

    protected override IRuntime Create(IReplicaObserver observer) => CreateFake(observer);

    protected override LaunchSpec Launch(ContractServer server) => new()
    {
        Arguments = [server.ToString()],
        WorkingDirectory = Placeholders.State,
        HealthPath = "/ok",
        State = StateLocation.Files,
    };

    protected override IReadOnlyCollection<int> Processes() => _machine.Processes;

    protected override void Kill(int processId)
    {
        if (Runtime.List().SingleOrDefault(status => status.ProcessId == processId) is { } killed)
            ((FakeRuntime)Runtime).Crash(killed.Name, "signal SIGKILL", 128 + 9);
    }

    protected override async Task LeaveBehindAsync(params IReadOnlyList<ReplicaSpec> specs)
    {
        var runtime = CreateFake(observer: null);
        foreach (var spec in specs) await runtime.StartAsync(spec, TestContext.Current.CancellationToken);
        runtime.Die();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Assert.Empty(((FakeRuntime)Runtime).Violations);
    }

    private FakeRuntime CreateFake(IReplicaObserver? observer) => new(TimeProvider.System, observer, _machine)
    {
        Behaviour = spec => ServerOf(spec) switch
        {
            ContractServer.NeverReady => FakeBehaviour.Starting,
            ContractServer.Late => FakeBehaviour.Late,
            ContractServer.Exits when !File.Exists(Path.Combine(spec.StateDirectory, Mended)) => FakeBehaviour.Exits,
            ContractServer.Grows when _starts.AddOrUpdate(spec.Name, 1, (_, count) => count + 1) == 1 => FakeBehaviour.OutOfMemory,
            _ => FakeBehaviour.Ready,
        },
        RestartPause = TimeSpan.FromMilliseconds(10),
        DrainTakes = spec => ServerOf(spec) switch
        {
            ContractServer.Drains => TimeSpan.FromMilliseconds(400),
            ContractServer.Stubborn => TimeSpan.MaxValue,
            _ => TimeSpan.Zero,
        },
        ProcessesOf = spec => ServerOf(spec) == ContractServer.Daemonizes ? 2 : 1,
        ExitCode = 3,
        FirstLine = "hello from the server",
        LastLine = "state is written",
    };

    private static ContractServer ServerOf(ReplicaSpec spec) => Enum.Parse<ContractServer>(spec.Launch.Arguments[0]);
}
