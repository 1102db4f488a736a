using System.Globalization;
using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reconciling;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Tests.Reconciling;

/// <summary>Builds situations of one deployment in words: revisions are known by their numbers, replicas answer on port 9000 + number.</summary>
internal sealed class Scene(StateLocation state = StateLocation.Files)
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly DeploymentId s_deployment = new(Guid.Parse("01980000-0000-7000-8000-000000000000"));
    private readonly List<(string Title, Plan Plan)> _plans = [];

    /// <summary>The situation that each scene begins from: nothing wanted to run, nothing running.</summary>
    public Situation Empty { get; } = new();

    public PlannedRevision Revision(int number, StateLocation? location = null) => new(Id(number), number, location ?? state);

    /// <summary>That revision is active, its replica ready and routed to.</summary>
    public Situation Serving(int number) => Empty with
    {
        Active = Revision(number),
        Replicas = [Real(number)],
        Route = RouteTo(number),
    };

    public static ReplicaStatus Real(
        int number, ReplicaPhase phase = ReplicaPhase.Ready, bool isLate = false, string? exit = null) => Replica(number, isScratch: false, phase, isLate, exit);

    public static ReplicaStatus Scratch(
        int number, ReplicaPhase phase = ReplicaPhase.Ready, bool isLate = false, string? exit = null) => Replica(number, isScratch: true, phase, isLate, exit);

    public static Route RouteTo(int number, bool isOpen = true) => new(
        new WorkspaceId(Guid.Empty), s_deployment, "echo-1", Id(number), isOpen ? [Endpoint(number)] : [], RequiresKey: true);

    public static SwitchRecord Switch(int from, int to, SwitchStage stage) => new(
        Id(from).Value, from, Id(to).Value, to, stage, Copy: stage == SwitchStage.Stopping ? null : "copy", s_now, Proof: null);

    public static HashSet<RevisionId> Ids(params int[] numbers) => [.. numbers.Select(Id)];

    public static RevisionId Id(int number) =>
        new(Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"01980000-0000-7000-8000-{number:d12}")));

    public Scene Then(string title, Situation situation)
    {
        _plans.Add((title, DeploymentPlanner.Plan(situation)));
        return this;
    }

    public string ToText() => string.Join('\n', _plans.Select(one => $"# {one.Title}\n{one.Plan.ToText()}"));

    private static Uri Endpoint(int number) => new($"http://127.0.0.1:{9000 + number}");

    private static ReplicaStatus Replica(int number, bool isScratch, ReplicaPhase phase, bool isLate, string? exit) => new(
        ReplicaName.Of(s_deployment, number, 0, isScratch),
        s_deployment,
        Id(number),
        phase,
        Endpoint: phase is ReplicaPhase.Starting or ReplicaPhase.Ready ? Endpoint(number) : null,
        ProcessId: 1,
        s_now,
        s_now,
        ReadyAfter: phase == ReplicaPhase.Ready ? TimeSpan.FromSeconds(1) : null,
        isLate,
        Restarts: 0,
        exit is null ? null : new ReplicaExit(exit, 1, IsOutOfMemory: false, s_now),
        LastLines: []);
}
