using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Testing.Runtimes;

namespace Pilothouse.Runtimes.Process.Tests;

public sealed class FakeRuntimeContractTests : RuntimeContractTests
{
    protected override IRuntime Create(IReplicaObserver observer) => new FakeRuntime(TimeProvider.System, observer)
    {
        Behaviour = spec => Enum.Parse<ContractServer>(spec.Launch.Arguments[0]) switch
        {
            ContractServer.Healthy => FakeBehaviour.Ready,
            ContractServer.NeverReady => FakeBehaviour.Starting,
            ContractServer.Late => FakeBehaviour.Late,
            _ => FakeBehaviour.Exits,
        },
        ExitCode = 3,
        FirstLine = "hello from the server",
    };

    protected override LaunchSpec Launch(ContractServer server) => new()
    {
        Arguments = [server.ToString()],
        WorkingDirectory = Placeholders.State,
        HealthPath = "/ok",
        State = StateLocation.Files,
    };

    protected override bool IsAlive(ReplicaStatus status) =>
        Runtime.Find(status.Name)?.ProcessId is { } processId && processId == status.ProcessId;
}
