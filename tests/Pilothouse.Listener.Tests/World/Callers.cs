using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;
using Pilothouse.Testing.Routing;

namespace Pilothouse.Listener.Tests.World;

/// <summary>
/// Somebody who calls the agent all the time: each call writes a thread where the replica keeps its state, and takes a moment. What was answered must
/// be there for ever.
/// </summary>
internal sealed class Callers : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_work = TimeSpan.FromMilliseconds(20);

    private readonly ListenerWorld _world;
    private readonly WantedDeployment _wanted;
    private readonly List<(FakeCall Call, FakeGateway Gateway, string Thread)> _underWay = [];
    private readonly ITimer _timer;
    private int _number;

    public Callers(ListenerWorld world, WantedDeployment wanted)
    {
        (_world, _wanted) = (world, wanted);
        _timer = world.Simulation.Time.CreateTimer(_ => Call(), state: null, TimeSpan.Zero, s_pause);
        world.Simulation.OnTick = Work;
    }

    /// <summary>Threads of calls that were answered.</summary>
    public List<string> Answered { get; } = [];

    /// <summary>How calls ended that were not answered.</summary>
    public List<string> Lost { get; } = [];

    public void Dispose()
    {
        _timer.Dispose();
        _world.Simulation.OnTick = () => { };
    }

    private void Call()
    {
        // Nobody listens while the process is dead; that is not the listener's to prevent.
        if (!_world.IsKilled) _underWay.Add((_world.Gateway.Call(new DeploymentId(_wanted.Id)), _world.Gateway, $"call-{++_number}"));
        _world.Simulation.Time.CreateTimer(_ => { }, state: null, s_work, Timeout.InfiniteTimeSpan);
    }

    private void Work()
    {
        foreach (var (call, gateway, thread) in _underWay.ToArray())
        {
            // A gateway that was killed took its calls with it.
            if (gateway != _world.Gateway || _world.IsKilled) _underWay.Remove((call, gateway, thread));
            else if (call.State is FakeCallState.Cut or FakeCallState.NotFound or FakeCallState.Refused) End(call, gateway, thread, $"{thread} {call.State}");
            else if (call.State == FakeCallState.UnderWay && _world.Simulation.Time.GetUtcNow() - call.Arrived >= s_work) Answer(call, gateway, thread);
        }
    }

    private void Answer(FakeCall call, FakeGateway gateway, string thread)
    {
        var replica = _world.Runtime.List().FirstOrDefault(replica => replica.Endpoint == call.Endpoint && replica.Phase == ReplicaPhase.Ready);
        if (replica is null)
        {
            End(call, gateway, thread, $"{thread} went to nobody");
            return;
        }

        FakeAgents.AddThread(_world.StateOf(_wanted), thread);
        Answered.Add(thread);
        gateway.End(call);
        _underWay.Remove((call, gateway, thread));
    }

    private void End(FakeCall call, FakeGateway gateway, string thread, string why)
    {
        Lost.Add(why);
        gateway.End(call);
        _underWay.Remove((call, gateway, thread));
    }
}
