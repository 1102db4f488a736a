using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;
using Pilothouse.Listener.Remote;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.State;
using Pilothouse.Testing;
using Pilothouse.Testing.Listeners;
using Pilothouse.Testing.Routing;
using Pilothouse.Testing.Runtimes;

namespace Pilothouse.Listener.Tests.World;

/// <summary>
/// A machine with one listener over a control plane in memory, on simulated time. The listener can be killed at any call and started again on
/// the same disk; the gateway dies with it, and agent servers once the next one's runtime has swept.
/// </summary>
internal sealed class ListenerWorld : IDisposable
{
    private readonly FakeMachine _machine = new();
    private readonly Dictionary<string, string?> _settings;
    private SimulatedProcess? _process;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public ListenerWorld(params (string Key, string Value)[] settings)
    {
        Root = Directory.CreateTempSubdirectory("pilothouse-listener-").FullName;
        Control = new FakeListenerProtocol(Simulation.Time);
        Line = new TroubledLine(Control, Simulation.Time);
        _settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Listener:ListenerId"] = Guid.NewGuid().ToString(),
            ["Listener:DataDirectory"] = Root,
        };
        foreach (var (key, value) in settings) _settings[$"Listener:{key}"] = value;
    }

    public string Root { get; }
    public Simulation Simulation { get; } = new();
    public FakeListenerProtocol Control { get; }

    /// <summary>Between the listener and its control plane.</summary>
    public TroubledLine Line { get; }

    /// <summary>The listener's key, where what is wanted is kept on its disk under it; null: it is not kept.</summary>
    public string? RemembersAs { get; set; }

    public FakeAgents Agents { get; } = new();
    public Faults Faults { get; } = new();
    public FakeRuntime Runtime { get; private set; } = null!;
    public FakeGateway Gateway { get; private set; } = null!;

    /// <summary>Of every runtime there was.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>How replicas behave; asked at each start.</summary>
    public Func<ReplicaSpec, FakeBehaviour> Behaviour { get; set; } = _ => FakeBehaviour.Ready;

    /// <summary>Called before each start takes effect; may throw what a runtime throws.</summary>
    public Action<ReplicaSpec> BeforeStart { get; set; } = _ => { };

    /// <summary>How long the runtime takes until a replica's process is there.</summary>
    public Func<ReplicaSpec, TimeSpan> StartTakes { get; set; } = _ => TimeSpan.Zero;

    /// <summary>Called before the control plane takes a batch of log lines; may take long, or throw what a protocol throws.</summary>
    public Func<Task> BeforeLogs { get; set; } = () => Task.CompletedTask;

    public bool IsKilled => _process!.IsKilled;

    public void Start()
    {
        _process = Simulation.NewProcess();
        _stop = new CancellationTokenSource();
        var service = Build(_process).GetServices<IHostedService>().OfType<ListenerService>().Single();
        _running = _process.Start(() => service.RunAsync(_stop.Token));
    }

    /// <summary>kill -9, and what was under way at its replicas is cut.</summary>
    public void Kill()
    {
        _process!.Kill();
        Runtime.Die();
        Violations.AddRange(Runtime.Violations);
    }

    public void Restart()
    {
        Kill();
        Start();
    }

    /// <summary>Runs until it came true; a listener that a fault killed is started again.</summary>
    public void Until(Func<bool> isTrue, string what, TimeSpan? limit = null)
    {
        Simulation.RunUntil(
            () =>
            {
                if (IsKilled) Restart();
                return isTrue();
            },
            limit,
            what);
        if (_running.IsFaulted) throw _running.Exception!;
    }

    public void Run(TimeSpan span)
    {
        var end = Simulation.Time.GetUtcNow() + span;
        using var wake = Simulation.Time.CreateTimer(_ => { }, state: null, span, Timeout.InfiniteTimeSpan);
        Until(() => Simulation.Time.GetUtcNow() >= end, "time passes", span + TimeSpan.FromMinutes(1));
    }

    /// <summary>A clean stop, as SIGTERM.</summary>
    public void Stop()
    {
        _stop.Cancel();
        Simulation.RunUntil(() => _running.IsCompleted, what: "the listener stops");
    }

    public WantedRevision Revision(
        int number, StateLocation state = StateLocation.Files, bool canTell = true, IReadOnlyDictionary<string, string>? environment = null,
        IReadOnlyDictionary<string, string>? projectEnvironment = null)
    {
        var digest = $"{number:x64}";
        Directory.CreateDirectory(Path.Combine(Root, "artifacts", digest));
        var launch = new LaunchSpec
        {
            Arguments = ["server", $"{number}"],
            WorkingDirectory = Placeholders.State,
            HealthPath = "/ok",
            State = state,
            Busy = canTell ? new BusyProbe("GET", "/busy", null, BusyReading.BusyIds) : null,
            ProjectEnvironment = projectEnvironment ?? new Dictionary<string, string>(StringComparer.Ordinal),
        };
        return new WantedRevision
        {
            Id = Guid.CreateVersion7(),
            Number = number,
            ArtifactDigest = digest,
            LaunchSpec = LaunchSpecJson.WriteElement(launch),
            Environment = environment ?? new Dictionary<string, string>(StringComparer.Ordinal),
            CpuCores = 1,
            MemoryBytes = 1 << 30,
        };
    }

    /// <summary>A deployment with a first revision to bring up.</summary>
    public WantedDeployment Deploy(StateLocation state = StateLocation.Files, bool canTell = true) => Deploy(Revision(1, state, canTell));

    public WantedDeployment Deploy(WantedRevision first)
    {
        var wanted = new WantedDeployment
        {
            Id = Guid.CreateVersion7(),
            WorkspaceId = Guid.CreateVersion7(),
            Name = "echo",
            RouteLabel = "echo-1234",
            Generation = 1,
            IsDeleted = false,
            Next = first,
        };
        Control.Want(wanted);
        return wanted;
    }

    public RunnableRevision Runnable(WantedDeployment wanted, WantedRevision revision)
    {
        var options = new ListenerOptions { DataDirectory = Root };
        return RunnableRevision.Of(wanted, revision, new DataFolders(Options.Create(options), []), options);
    }

    public WantedRevision Next(WantedDeployment wanted, int number, StateLocation state = StateLocation.Files, bool canTell = true)
    {
        var next = Revision(number, state, canTell);
        Control.Want(Control.Find(wanted.Id)! with { Next = next });
        return next;
    }

    /// <summary>The same artifact and settings again, as a new revision.</summary>
    public WantedRevision Repeat(WantedDeployment wanted, int number)
    {
        var active = Control.Find(wanted.Id)!.Active!;
        var next = active with { Id = Guid.CreateVersion7(), Number = number };
        Control.Want(Control.Find(wanted.Id)! with { Next = next });
        return next;
    }

    /// <summary>What the revision of that number does to the real state when it starts.</summary>
    public void OnFirstTouch(int number, Action<string> touch) => Agents.OnFirstTouch[$"{number}"] = touch;

    public void UntilStatus(WantedRevision revision, RevisionStatus status, TimeSpan? limit = null) =>
        Until(() => Control.Status(revision.Id) == status, $"revision {revision.Number} is {status}", limit);

    /// <summary>Started, and its first revision serves.</summary>
    public WantedDeployment Serving(StateLocation state = StateLocation.Files, bool canTell = true)
    {
        var wanted = Deploy(state, canTell);
        Start();
        UntilStatus(wanted.Next!, RevisionStatus.Deployed);
        Run(TimeSpan.FromSeconds(1));
        return Control.Find(wanted.Id)!;
    }

    public string StateOf(WantedDeployment wanted) => Path.Combine(Root, "state", $"{wanted.Id:N}");

    public string CopiesOf(WantedDeployment wanted) => Path.Combine(Root, "state-backups", $"{wanted.Id:N}");

    public static ReplicaName Real(WantedDeployment wanted, int number) => ReplicaName.Of(new DeploymentId(wanted.Id), number, 0, isScratch: false);

    public static ReplicaName Scratch(WantedDeployment wanted, int number) => ReplicaName.Of(new DeploymentId(wanted.Id), number, 0, isScratch: true);

    /// <summary>Numbers of the running replicas, scratch ones with an <c>s</c>; e.g. <c>1 2s</c>.</summary>
    public string Running() => string.Join(' ', Runtime.List()
        .Select(replica => replica.Name.Value.Split('-') is [_, var number, _, .. var rest] ? number + (rest.Length > 0 ? "s" : "") : "?")
        .Order(StringComparer.Ordinal));

    public Route? RouteOf(WantedDeployment wanted) => Gateway.Find(new DeploymentId(wanted.Id));

    public void Dispose()
    {
        _process?.Kill();
        _stop.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    private ServiceProvider Build(SimulatedProcess process)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<TimeProvider>(Simulation.Time);
        services.AddListener(new ConfigurationBuilder().AddInMemoryCollection(_settings).Build());
        services.AddSingleton<IListenerProtocol>(new FaultyProtocol(new SlowLogs(Line, this), process, Faults));
        if (RemembersAs is { } key) services.AddSingleton<IWantedMemory>(provider => Memory(provider, key));
        Gateway = new FakeGateway(Simulation.Time);
        services.AddSingleton<IGateway>(new MortalGateway(Gateway, process, Faults));
        services.AddSingleton<IRuntime>(provider => new FaultyRuntime(Runtime, process, Faults));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<WorkUnderWay>(
            provider, new HttpClient(new FaultyAgents(Agents, process, Faults), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan }));

        var built = services.BuildServiceProvider();
        var gateway = Gateway;
        var runtime = new FakeRuntime(Simulation.Time, new MortalObserver(built.GetRequiredService<IReplicaObserver>(), process), _machine)
        {
            Behaviour = spec => Behaviour(spec),
            OnStart = async spec =>
            {
                BeforeStart(spec);
                if (StartTakes(spec) is { Ticks: > 0 } pause) await Task.Delay(pause, Simulation.Time);
                await Agents.StartedAsync(spec);
            },
        };
        runtime.OnStop = async name =>
        {
            await Agents.StopAsync(name, Simulation.Time);
            if (runtime.Find(name)?.Endpoint is { } endpoint) gateway.Cut(endpoint);
        };
        Runtime = runtime;
        Agents.Runtime = runtime;
        return built;
    }

    private static SealedMemory Memory(IServiceProvider provider, string key)
    {
        var options = Options.Create(new ControlPlaneOptions { Key = key });
        var identity = new ListenerIdentity { InstanceId = Guid.NewGuid(), ListenerId = Guid.NewGuid(), ControlPlane = "https://control.corp" };
        return new SealedMemory(provider.GetRequiredService<IOptions<ListenerOptions>>(), new ListenerKey(options, identity), NullLogger<SealedMemory>.Instance);
    }

    private sealed class SlowLogs(IListenerProtocol inner, ListenerWorld world) : IListenerProtocol
    {
        public Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken) => inner.PullAsync(request, cancellationToken);

        public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) => inner.ReportAsync(report, cancellationToken);

        public async Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken)
        {
            await world.BeforeLogs();
            await inner.SendLogsAsync(batch, cancellationToken);
        }
    }

    /// <summary>Signals of a dead process reach nobody.</summary>
    private sealed class MortalObserver(IReplicaObserver inner, SimulatedProcess process) : IReplicaObserver
    {
        public void Changed(DeploymentId deployment)
        {
            if (!process.IsKilled) inner.Changed(deployment);
        }

        public void Logged(ReplicaLogLine line)
        {
            if (!process.IsKilled) inner.Logged(line);
        }
    }
}
