using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Explain;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Explain;

/// <summary>Each reason that there is, from its facts.</summary>
public sealed class ExplainPlannerTests
{
    private const string Pending = "info";
    private static readonly DateTimeOffset s_now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_then = s_now.AddSeconds(-90);

    public static TheoryData<string, string, string, string, string> Table => new()
    {
        // case, area, severity, in the summary, in the action
        { "nothing uploaded", "source", "warning", "no source was uploaded", "upload-url" },
        { "uploaded only", "source", "warning", "no request made a revision", "source_tarball_path" },
        { "queued", "queue", Pending, "waits until revision 1 has ended, which is BUILDING since 2026-11-25 11:58:30Z. A build of it took 40 s", "interrupt" },
        { "queued free", "queue", Pending, "turn of revision 2 in a moment", "Wait" },
        { "queued stuck", "queue", "error", "should have had its turn", "own log" },
        { "queued nobody", "queue", "warning", "no build engine", "Start a control plane" },
        { "awaiting build", "build", Pending, "2 builds run, and 3 revisions wait before it. Its builds took 40 s", "ConcurrentBuilds" },
        { "no engine", "build", "error", "builds nothing", "Start a control plane" },
        { "build retried", "build", "warning", "begins again. The build waits for something", "by itself" },
        { "building", "build", Pending, "is being built for 90 s.", "Wait" },
        { "build silent", "build", "warning", "has printed nothing for 5 min", "Builds:TimeLimit" },
        { "lease lapsed", "build", "warning", "has not been heard of since", "takes it over" },
        { "build failed", "build", "error", "failed. The build command failed.", "deploy again" },
        { "build sealed", "source", "error", "cannot be opened", "secrets again" },
        { "create failed", "source", "error", "could not be made", "Correct" },
        { "awaiting deploy", "listener", Pending, "has not taken it up", "Wait" },
        { "sealed", "source", "error", "cannot be opened", "master key" },
        { "starting", "start", Pending, "is being started for 90 s", "Wait" },
        { "proven", "route", Pending, "about to be moved", "Wait" },
        { "waiting", "route", Pending, "until 2 runs and 1 requests of revision 1 are done", "DrainLimit" },
        { "exit", "start", "error", "ended before it could serve: exit code 1; GET /ok did not answer", "last lines" },
        { "crash loop", "start", "error", "keeps ending: signal SIGSEGV, started again 5 times", "last lines" },
        { "oom", "limits", "error", "out of memory, its limit is 1024 MiB", "2048 MiB" },
        { "late", "probe", "warning", "GET /ok did not answer 2xx within 5 min; it is still starting", "ReadyLimit" },
        { "late over", "probe", "error", "something newer took its place", "ReadyLimit" },
        { "switched back", "start", "error", "could not be deployed. Revision 2 could not be started", "last lines" },
        { "image", "listener", "error", "no runtime that runs images", "Connect a listener" },
        { "skipped", "queue", "warning", "passed over. Revision 3 was queued behind it", "Deploy again" },
        { "interrupted", "queue", "warning", "was interrupted. A user interrupted it. It was the user or key 7d", "redeploy" },
        { "deleting", "delete", "warning", "the replicas of revision 1, its route and its files", "force=true" },
        { "silent", "listener", "error", "Nothing was heard of the control plane's own listener since 2026-11-25 11:50:00Z", "own log" },
        { "never heard", "listener", "error", "Nothing was ever heard of listener", "Start it" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Every_reason_is_found_and_says_what_to_do(string one, string area, string severity, string summary, string action)
    {
        var explanation = ExplainPlanner.Explain(Facts(one));

        var finding = explanation.Findings[0];
        Assert.Equal((area, severity), (finding.Area, finding.Severity));
        Assert.Contains(summary, finding.Summary, StringComparison.Ordinal);
        Assert.Contains(action, finding.Action, StringComparison.Ordinal);
        Assert.NotNull(finding.Since);
        Assert.False(explanation.Serving);
        Assert.False(explanation.ServesNewest);
        Assert.Equal(finding.Summary, explanation.Summary);
    }

    [Fact]
    public void Table_covers_every_status() => Assert.Equal(
        Enum.GetValues<RevisionStatus>().Except([RevisionStatus.Unknown, RevisionStatus.Creating]),
        Table.Select(row => Facts(row.Data.Item1).Newest?.Status).OfType<RevisionStatus>().Distinct().Order());

    [Fact]
    public void Lines_of_the_failure_are_the_details()
    {
        Assert.Equal(["src/agent.ts(1,1): error TS1005: ';' expected."], ExplainPlanner.Explain(Facts("build failed")).Findings[0].Details);
        Assert.Equal(["Error: boom"], ExplainPlanner.Explain(Facts("exit")).Findings[0].Details);
    }

    [Fact]
    public void Healthy_deployment_says_since_when()
    {
        var explanation = ExplainPlanner.Explain(Serving());

        Assert.Equal((true, true, s_then), (explanation.Serving, explanation.ServesNewest, explanation.Since));
        Assert.Equal("Serves revision 1, the newest, since 2026-11-25 11:58:30Z.", explanation.Summary);
        Assert.Equal("info", Assert.Single(explanation.Findings).Severity);
    }

    [Theory]
    [InlineData("build failed", "build")]
    [InlineData("oom", "limits")]
    [InlineData("interrupted", "queue")]
    [InlineData("starting", "start")]
    public void Older_revision_serves_on_while_the_newest_does_not(string one, string area)
    {
        var of = Facts(one);
        var active = Revision(1, RevisionStatus.Deployed);
        of.Deployment.ActiveRevisionId = active.Id;

        var explanation = ExplainPlanner.Explain(of with { Revisions = [of.Newest!, active] });

        Assert.Equal((true, false), (explanation.Serving, explanation.ServesNewest));
        Assert.StartsWith("Serves revision 1, not the newest. ", explanation.Summary, StringComparison.Ordinal);
        Assert.EndsWith(explanation.Findings[0].Summary, explanation.Summary, StringComparison.Ordinal);
        Assert.Equal((area, of.Newest!.Id), (explanation.Findings[0].Area, explanation.Findings[0].RevisionId));
        Assert.Equal(active.Id, explanation.Findings[^1].RevisionId);
    }

    [Fact]
    public void Serving_revision_that_keeps_ending_does_not_serve_until_it_is_ready_again()
    {
        var facts = Serving();
        var failing = Event(facts.Newest!, ListenerEventKinds.Failing, Started("keeps_ending", "exit code 3", restarts: 6));
        facts = facts with { Events = [.. facts.Events, failing], Lines = [Line("Error: database away")] };

        var broken = ExplainPlanner.Explain(facts);
        var mended = ExplainPlanner.Explain(facts with { Events = [.. facts.Events, Event(facts.Newest!, ListenerEventKinds.Recovered)] });

        Assert.Equal((false, false, "start", "error"), (broken.Serving, broken.ServesNewest, broken.Findings[0].Area, broken.Findings[0].Severity));
        Assert.Contains("is the one that serves, and its server keeps ending: exit code 3", broken.Summary, StringComparison.Ordinal);
        Assert.Equal(["Error: database away"], broken.Findings[0].Details);
        Assert.True(mended.ServesNewest);
    }

    [Fact]
    public void Rollback_is_named_with_what_it_left_and_how_to_end_it()
    {
        var facts = Serving();
        facts = facts with
        {
            Pin = new PinRow
            {
                DeploymentId = facts.Deployment.Id,
                RevisionId = facts.Newest!.Id,
                RevisionNumber = 1,
                TargetNumber = 7,
                LeftNumber = 8,
                Reason = "wrong answers",
            },
        };

        var explanation = ExplainPlanner.Explain(facts);

        Assert.True(explanation.ServesNewest);
        Assert.Contains("goes back to revision 7, and what revision 8 brought was left", explanation.Summary, StringComparison.Ordinal);
        var pinned = Assert.Single(explanation.Findings, finding => finding.Area == "source");
        Assert.Equal(["Reason: wrong answers"], pinned.Details);
        Assert.Contains("resume", pinned.Action, StringComparison.Ordinal);
    }

    private static ExplainFacts Serving()
    {
        var facts = With(Revision(1, RevisionStatus.Deployed));
        facts.Deployment.ActiveRevisionId = facts.Newest!.Id;
        return facts with { Events = [Event(facts.Newest, ControlEventKinds.Deployed)] };
    }

    private static ExplainFacts Facts(string one)
    {
        const string away = "The build waits for something outside the project.";
        var next = Revision(2, RevisionStatus.Deploying);
        var failed = Revision(2, RevisionStatus.DeployFailed, "It ended.");
        return one switch
        {
            "nothing uploaded" => With(),
            "uploaded only" => With() with { HasUpload = true },
            "queued" => With(Revision(2, RevisionStatus.Queued), Revision(1, RevisionStatus.Building)) with { UsualBuild = TimeSpan.FromSeconds(40) },
            "queued free" => With(Revision(2, RevisionStatus.Queued)),
            "queued stuck" => With(Revision(2, RevisionStatus.Queued)) with { Now = s_now.AddMinutes(10), ListenerHeardAt = s_now.AddMinutes(10) },
            "queued nobody" => With(Revision(2, RevisionStatus.Queued)) with { Builds = false },
            "awaiting build" => With(Revision(2, RevisionStatus.AwaitingBuild)) with { BuildsUnderWay = 2, BuildsBefore = 3, UsualBuild = TimeSpan.FromSeconds(40) },
            "no engine" => With(Revision(2, RevisionStatus.AwaitingBuild)) with { Builds = false },
            "build retried" => With(Revision(2, RevisionStatus.AwaitingBuild, away)),
            "building" => With(Revision(2, RevisionStatus.Building)),
            "build silent" => With(Revision(2, RevisionStatus.Building)).After(TimeSpan.FromSeconds(210)),
            "lease lapsed" => With(Lapsed(Revision(2, RevisionStatus.Building))),
            "build failed" => WithLines(Revision(2, RevisionStatus.BuildFailed, "The build command failed."), "npm run build", "src/agent.ts(1,1): error TS1005: ';' expected."),
            "build sealed" => With(Revision(2, RevisionStatus.BuildFailed, BuildInputs.SecretsDoNotOpen)),
            "create failed" => With(Revision(2, RevisionStatus.CreateFailed, "No such upload.")),
            "awaiting deploy" => With(Revision(2, RevisionStatus.AwaitingDeploy)),
            "sealed" => With(Revision(2, RevisionStatus.AwaitingDeploy)) with { SecretsOpen = false },
            "starting" => With(next),
            "proven" => With(next) with { Events = [Event(next, ListenerEventKinds.Proven)] },
            "waiting" => With(next) with
            {
                Events = [Event(next, ListenerEventKinds.Waiting, message: "Revision 2 is ready and waits until 2 runs and 1 requests of revision 1 are done, for 180 s at most.")],
            },
            "exit" => WithLines(failed, "starting", "Error: boom") with { Events = [Event(failed, ListenerEventKinds.StartFailed, Started("ended", "exit code 1"))] },
            "crash loop" => With(failed) with { Events = [Event(failed, ListenerEventKinds.StartFailed, Started("keeps_ending", "signal SIGSEGV", restarts: 5))] },
            "oom" => With(failed) with { Events = [Event(failed, ListenerEventKinds.StartFailed, Started("ended", "out of memory (limit 1024 MiB)", isOutOfMemory: true))] },
            "late" => With(Late(failed)) with { Events = [Event(failed, ListenerEventKinds.Late, Started("late"))] },
            "late over" => With(failed) with { Events = [Event(failed, ListenerEventKinds.Late, Started("late"))] },
            "switched back" => With(Revision(2, RevisionStatus.DeployFailed, "Revision 2 could not be started: no port. Its last lines: a | b")),
            "image" => With(Revision(2, RevisionStatus.DeployFailed, DeploymentRevisionsReconciler.NoImageRuntime)),
            "skipped" => With(Revision(2, RevisionStatus.Skipped, "Revision 3 was queued behind it and went on in its place.")),
            "interrupted" => Interrupted(),
            "deleting" => Deleting(),
            "silent" => With(next) with { ListenerHeardAt = s_now.AddMinutes(-10) },
            "never heard" => OfRemoteListener(next),
            _ => throw new ArgumentOutOfRangeException(nameof(one), one, "No such case."),
        };
    }

    private static ExplainFacts Interrupted()
    {
        var revision = Revision(2, RevisionStatus.Interrupted, "A user interrupted it.");
        return With(revision) with { Events = [Event(revision, ControlEventKinds.Interrupted, """{"by":"7d"}""")] };
    }

    private static ExplainFacts Deleting()
    {
        var facts = Serving();
        facts.Deployment.Status = DeploymentStatus.AwaitingDelete;
        return facts with { Revisions = facts.Revisions };
    }

    private static ExplainFacts OfRemoteListener(RevisionRow next)
    {
        var facts = With(next) with { ListenerHeardAt = null };
        facts.Deployment.ListenerId = Guid.NewGuid();
        return facts;
    }

    private static ExplainFacts With(params RevisionRow[] revisions) => new()
    {
        Now = s_now,
        ListenerHeardAt = s_now,
        Deployment = new DeploymentRow
        {
            Id = Guid.NewGuid(),
            Name = "app",
            Source = "internal_source",
            SourceConfig = "{}",
            SourceRevisionConfig = "{}",
            SecretNames = "[]",
            SecretValues = [],
            Status = DeploymentStatus.Ready,
            CreatedAt = s_then,
        },
        Revisions = revisions,
    };

    private static ExplainFacts WithLines(RevisionRow revision, params string[] lines) =>
        With(revision) with { Lines = [.. lines.Select(line => Line(line, revision))] };

    private static RevisionRow Revision(int number, RevisionStatus status, string? reason = null) => new()
    {
        Id = Guid.NewGuid(),
        Number = number,
        Source = "internal_source",
        SourceRevisionConfig = "{}",
        SecretValues = [],
        Status = status,
        StatusReason = reason,
        CreatedAt = s_then,
        UpdatedAt = s_then,
        LeaseUntil = status == RevisionStatus.Building ? s_now.AddHours(1) : null,
    };

    private static RevisionRow Lapsed(RevisionRow revision)
    {
        revision.LeaseUntil = s_now.AddSeconds(-30);
        return revision;
    }

    private static RevisionRow Late(RevisionRow revision)
    {
        revision.IsLate = true;
        return revision;
    }

    private static LogRow Line(string message, RevisionRow? of = null) => new() { Message = message, Level = 1, RevisionId = of?.Id, At = s_then };

    private static EventRow Event(RevisionRow of, string kind, string? data = null, string message = "It happened.") =>
        new() { RevisionId = of.Id, Kind = kind, Key = kind, Message = message, Data = data, At = s_then };

    private static string Started(string how, string? reason = null, int restarts = 0, bool isOutOfMemory = false) => JsonSerializer.Serialize(
        new StartFacts
        {
            How = how,
            ExitReason = reason,
            Restarts = restarts,
            IsOutOfMemory = isOutOfMemory,
            MemoryLimitBytes = 1024L * 1024 * 1024,
            HealthPath = "/ok",
            ReadyLimitSeconds = 300,
        }, ApiJson.Default.StartFacts);
}

internal static class LaterFacts
{
    public static ExplainFacts After(this ExplainFacts facts, TimeSpan span) =>
        facts with { Now = facts.Now + span, ListenerHeardAt = facts.Now + span };
}
