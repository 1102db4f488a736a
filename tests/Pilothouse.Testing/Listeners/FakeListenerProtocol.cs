using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Testing.Listeners;

/// <summary>
/// A control plane in memory: says what is wanted, and takes reports as the real one does (fenced by generation, statuses through
/// <see cref="RevisionMachine"/>, events kept once by key, log batches once by id). All members may be called from several threads.
/// </summary>
public sealed class FakeListenerProtocol(TimeProvider time) : IListenerProtocol
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, (WantedDeployment Wanted, long Change)> _wanted = [];
    private readonly Dictionary<Guid, RevisionStatus> _statuses = [];
    private readonly HashSet<Guid> _late = [];
    private readonly List<DeploymentReport> _reports = [];
    private readonly List<ReportedEvent> _events = [];
    private readonly List<ReportedLog> _logs = [];
    private readonly HashSet<Guid> _batches = [];
    private TaskCompletionSource _changed = NewSource();
    private long _cursor = 1;

    /// <summary>Nobody answers.</summary>
    public bool IsAway { get; set; }

    /// <summary>So many answers to log batches get lost on their way back, after the batch was taken.</summary>
    public int LosesLogAnswers { get; set; }

    /// <summary>Every report that arrived, also those that changed nothing.</summary>
    public IReadOnlyList<DeploymentReport> Reports => Snapshot(_reports);

    /// <summary>Once by key, in the order of arrival.</summary>
    public IReadOnlyList<ReportedEvent> Events => Snapshot(_events);

    public IReadOnlyList<ReportedLog> Logs => Snapshot(_logs);

    /// <summary>What is wanted now; null when nothing is, e.g. after the end of a deleted deployment was reported.</summary>
    public WantedDeployment? Find(Guid deployment)
    {
        lock (_lock) return _wanted.TryGetValue(deployment, out var entry) ? entry.Wanted : null;
    }

    public RevisionStatus Status(Guid revision)
    {
        lock (_lock) return _statuses[revision];
    }

    /// <summary>Wants something of a deployment; the generation rises by itself.</summary>
    public void Want(WantedDeployment wanted)
    {
        lock (_lock) Want_NeedsLock(wanted);
    }

    /// <summary>Names the deployment no longer; only a full answer tells.</summary>
    public void Drop(Guid deployment)
    {
        lock (_lock)
        {
            _wanted.Remove(deployment);
            Changed_NeedsLock();
        }
    }

    public async Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                ThrowIfAway();
                if (request.Cursor == 0) return new PullAnswer(_cursor, IsFull: true, [.. _wanted.Values.Select(entry => entry.Wanted)]);
                var news = _wanted.Values.Where(entry => entry.Change > request.Cursor).Select(entry => entry.Wanted).ToList();
                if (news.Count > 0) return new PullAnswer(_cursor, IsFull: false, news);
                changed = _changed.Task;
            }

            var left = TimeSpan.FromSeconds(request.WaitSeconds) - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return new PullAnswer(request.Cursor, IsFull: false, []);
            await Task.WhenAny(FollowAsync(changed), FollowAsync(Task.Delay(left, time, cancellationToken)));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ThrowIfAway();
            _reports.Add(report);
            foreach (var happened in report.Events.Where(happened => _events.TrueForAll(known => known.Key != happened.Key)))
                _events.Add(happened);
            if (_wanted.TryGetValue(report.DeploymentId, out var entry) && entry.Wanted.Generation == report.Generation)
                Take_NeedsLock(entry.Wanted, report);
        }

        return Task.CompletedTask;
    }

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ThrowIfAway();
            if (_batches.Add(batch.BatchId)) _logs.AddRange(batch.Lines);
            if (LosesLogAnswers > 0)
            {
                LosesLogAnswers--;
                throw new HttpRequestException("The answer was lost.");
            }
        }

        return Task.CompletedTask;
    }

    private void Take_NeedsLock(WantedDeployment wanted, DeploymentReport report)
    {
        if (report.Phase == "deleted")
        {
            if (wanted.IsDeleted) _wanted.Remove(wanted.Id);
            return;
        }

        if (report.RevisionId is not { } revision || wanted.Next is not { } next || next.Id != revision) return;
        RevisionEvent? happened = report.Phase switch
        {
            "deploying" => RevisionEvent.DeployStarted,
            "deployed" => RevisionEvent.DeploySucceeded,
            "failed" => RevisionEvent.DeployFailed,
            _ => null,
        };
        if (happened is null) return;
        _statuses[revision] = RevisionMachine.Next(_statuses[revision], happened.Value);
        if (report.Phase == "failed" && report.IsLate) _late.Add(revision);
        if (report.Phase == "deployed") Want_NeedsLock(wanted with { Active = next, Next = null });
        else if (report is { Phase: "failed", IsLate: false }) Want_NeedsLock(wanted with { Next = null });
    }

    private void Want_NeedsLock(WantedDeployment wanted)
    {
        var generation = _wanted.TryGetValue(wanted.Id, out var known) ? known.Wanted.Generation + 1 : Math.Max(1, wanted.Generation);
        if (wanted.Next is { } next) _statuses.TryAdd(next.Id, RevisionStatus.AwaitingDeploy);
        if (wanted.Active is { } active) _statuses.TryAdd(active.Id, RevisionStatus.Deployed);
        _wanted[wanted.Id] = (wanted with { Generation = generation }, ++_cursor);
        Changed_NeedsLock();
    }

    private void Changed_NeedsLock() => Interlocked.Exchange(ref _changed, NewSource()).TrySetResult();

    private void ThrowIfAway()
    {
        if (IsAway) throw new HttpRequestException("The control plane is away.");
    }

    private IReadOnlyList<T> Snapshot<T>(List<T> list)
    {
        lock (_lock) return [.. list];
    }

    /// <summary>Comes back in the caller's context, which WhenAny alone would not.</summary>
    private static async Task FollowAsync(Task task) => await task;

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
