using Microsoft.Extensions.Logging;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.State;

namespace Pilothouse.Listener.Reconciling;

/// <summary>One pass over one deployment.</summary>
internal sealed class Pass(DeploymentId deployment, DeploymentMemory memory)
{
    public DeploymentId Deployment { get; } = deployment;

    public DeploymentMemory Memory { get; } = memory;

    /// <summary>Of the wish that the present plan answers.</summary>
    public long Generation { get; set; }

    /// <summary>Revisions that a look within this pass found quiet or drained.</summary>
    public HashSet<RevisionId> Quiet { get; } = [];

    public RunnableRevision Runnable(PlannedRevision revision) => Memory.Runnable[revision.Id];
}

/// <summary>Does what the planner decided. Every step may run twice.</summary>
internal sealed class StepRunner(
    IRuntime runtime, IGateway gateway, DataFolders folders, ReportOutbox outbox, RevisionEvents events, SwitchSteps switches,
    TimeProvider time, ILogger<StepRunner> logger)
{
    /// <summary>Replicas whose spec is not known any more.</summary>
    private static readonly TimeSpan s_unknownStopLimit = TimeSpan.FromSeconds(10);

    public async Task RunAsync(Step step, Pass pass, CancellationToken cancellationToken)
    {
        logger.StepBegins(pass.Deployment, step);
        using var span = StepSpans.Start(step, pass);
        switch (step)
        {
            case Step.RemoveRoute:
                gateway.Remove(pass.Deployment);
                break;
            case Step.Publish publish:
                gateway.Publish(pass.Runnable(publish.Revision).RouteTo(publish.Endpoints));
                break;
            case Step.Start start:
                await StartAsync(start, pass, cancellationToken);
                break;
            case Step.Stop stop:
                await StopAsync(stop, pass, cancellationToken);
                break;
            case Step.MarkProven proven:
                MarkProven(proven, pass);
                break;
            case Step.Fail fail:
                Fail(fail, pass);
                break;
            case Step.RemoveFiles:
                folders.RemoveAll(pass.Deployment);
                break;
            case Step.Claim claim:
                Claim(claim, pass);
                break;
            default:
                await switches.RunAsync(step, pass, cancellationToken);
                break;
        }
    }

    /// <summary>A stop may have failed after its effect; nothing plans another then.</summary>
    public void Tidy(DeploymentId deployment) =>
        folders.RemoveDeadScratch(deployment, runtime.List().Select(replica => replica.Name));

    private async Task StartAsync(Step.Start start, Pass pass, CancellationToken cancellationToken)
    {
        var revision = pass.Runnable(start.Revision);
        var spec = start.IsScratch ? revision.Scratch : revision.Main;
        try
        {
            if (!await folders.BringArtifactAsync(spec.ArtifactDirectory, cancellationToken))
                throw new RuntimeUnavailableException($"The artifact of revision {revision.Planned} is not at {spec.ArtifactDirectory}.");
            if (start.IsScratch) folders.RemoveScratch(spec.Name);
            await runtime.StartAsync(spec, cancellationToken);
            pass.Memory.FirstRefusal.Remove(spec.Revision);
        }
        catch (RuntimeUnavailableException unavailable)
        {
            var first = pass.Memory.FirstRefusal.TryGetValue(spec.Revision, out var known) ? known : time.GetUtcNow();
            pass.Memory.FirstRefusal[spec.Revision] = first;
            if (time.GetUtcNow() - first < spec.ReadyLimit) throw;
            pass.Memory.Failed[spec.Revision] = $"Revision {revision.Planned} could not be started: {unavailable.Message}";
        }
    }

    private async Task StopAsync(Step.Stop stop, Pass pass, CancellationToken cancellationToken)
    {
        var known = pass.Memory.Runnable.Values.FirstOrDefault(revision => revision.Main.Name == stop.Replica || revision.Scratch.Name == stop.Replica);
        await runtime.StopAsync(stop.Replica, known?.Launch.StopLimit ?? s_unknownStopLimit, cancellationToken);
        if (stop.Replica.IsScratch) folders.RemoveScratch(stop.Replica);
    }

    private void MarkProven(Step.MarkProven proven, Pass pass)
    {
        pass.Memory.Proven[proven.Revision.Id] = proven.Seen.ReadyAfter ?? TimeSpan.Zero;
        events.Proven(pass.Runnable(proven.Revision), proven.Seen.ReadyAfter, proven.By);
    }

    private void Fail(Step.Fail fail, Pass pass)
    {
        var revision = pass.Runnable(fail.Revision);
        var message = FailureText.Ended(revision, fail.Seen);
        pass.Memory.Failed[fail.Revision.Id] = message;
        events.StartFailed(revision, message, FailureText.Facts(revision, fail.Seen));
        logger.RevisionFailed(pass.Deployment, fail.Revision.Id, message);
    }

    private void Claim(Step.Claim claim, Pass pass)
    {
        string? message = null;
        StartFacts? facts = null;
        if (claim is { Phase: ClaimPhase.Failed, Revision: { } failed }) message = pass.Memory.Failed[failed.Id];
        if (claim is { Phase: ClaimPhase.Late, Revision: { } late })
        {
            var revision = pass.Runnable(late);
            var seen = runtime.Find(revision.Scratch.Name) ?? runtime.Find(revision.Main.Name);
            (message, facts) = (FailureText.Late(revision, seen), FailureText.Facts(revision, seen, isLate: true));
        }

        var isNews = outbox.Claim(pass.Deployment, new Claim(pass.Generation, claim.Revision?.Id, claim.Phase, message));

        // Told by each pass, it would be taken, wake the loop and be told again, without end.
        if (isNews && claim is { Phase: ClaimPhase.Late, Revision: { } isLate }) events.Late(pass.Runnable(isLate), message!, facts!);
    }
}
