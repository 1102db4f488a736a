using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Listener.Reconciling;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.State;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reporting;

/// <summary>Says what happened, once and for ever: the key of each happening follows from what it is about, so a repeated one adds nothing.</summary>
internal sealed class RevisionEvents(ReportOutbox outbox, TimeProvider time)
{
    public void Started(RunnableRevision revision, TimeSpan? readyAfter) => Add(
        revision, ListenerEventKinds.Started, $"Revision {revision.Planned} serves callers; it was ready after {Seconds(readyAfter)}.");

    /// <param name="by">The serving revision that it repeats; null when it was tried itself.</param>
    public void Proven(RunnableRevision revision, TimeSpan? readyAfter, PlannedRevision? by) => Add(
        revision, ListenerEventKinds.Proven, by is null
            ? $"Revision {revision.Planned} became healthy on scratch state after {Seconds(readyAfter)}."
            : $"Revision {revision.Planned} runs exactly what revision {by} serves with, so it was not tried on scratch state first.");

    public void Late(RunnableRevision revision, string message, StartFacts facts) =>
        Add(revision, ListenerEventKinds.Late, message, Json(facts));

    /// <summary>Once for each revision: it is not tried again.</summary>
    public void StartFailed(RunnableRevision revision, string message, StartFacts facts) =>
        Add(revision, ListenerEventKinds.StartFailed, message, Json(facts));

    /// <summary>Once for each revision: it is ready, and what serves has work under way.</summary>
    public void Waiting(RunnableRevision revision, PlannedRevision on, WaitFacts facts) => Add(
        revision, ListenerEventKinds.Waiting,
        $"Revision {revision.Planned} is ready and waits until {facts.Runs?.ToString() ?? "an unknown number of"} runs and {facts.Requests} requests "
        + $"of revision {on} are done, for {facts.LimitSeconds:0} s at most.",
        JsonSerializer.SerializeToElement(facts, ApiJson.Default.WaitFacts));

    public void SwitchedBeside(RunnableRevision from, RunnableRevision to) => Add(
        to, ListenerEventKinds.Switched,
        $"Callers go from revision {from.Planned} to {to.Planned}; both ran, nobody waited.",
        Json(new SwitchProof { FromRevision = from.Planned.Number, ToRevision = to.Planned.Number, WasHeld = false }));

    /// <summary>Told from the record that survives the process, so that a listener killed right after the switch tells it too.</summary>
    public void Switched(DeploymentId deployment, SwitchRecord record)
    {
        var message = record.Proof is { } proof
            ? $"Switched from revision {record.FromNumber} to {record.ToNumber} in {proof.HoldMilliseconds} ms: "
                + $"{proof.UnderWayAtHold} requests under way, {proof.Held} held, {proof.Moved} moved, {proof.Refused} refused, "
                + $"{proof.Cut} cut; {Runs(proof)}; the longest wait was {proof.LongestWaitMilliseconds} ms.{NotCopied(proof)}"
            : $"Switched from revision {record.FromNumber} to {record.ToNumber}; the listener was killed before it could note the numbers.";
        outbox.Add(deployment, new RevisionId(record.To), new ReportedEvent(
            $"{ListenerEventKinds.Switched}:{record.To:N}", record.At, ListenerEventKinds.Switched, message, Json(record.Proof)));
    }

    public void SwitchedBack(RunnableRevision to, string failure, SwitchProof proof) =>
        Add(to, ListenerEventKinds.SwitchedBack, failure, Json(proof), discriminator: $":{time.GetUtcNow().ToUnixTimeMilliseconds()}");

    public void StateRestored(DeploymentId deployment, RevisionId revision, string copy) => Add(
        deployment, revision, ListenerEventKinds.StateRestored, $"The state was put back from copy {copy}.", data: null, $":{copy}");

    public void StateShrank(RunnableRevision revision, string when, FolderSize before, FolderSize after, string? copy) => Add(
        revision, ListenerEventKinds.StateShrank,
        $"The state folder shrank {when}: {before.Files} files with {before.Bytes} bytes before, {after.Files} files with {after.Bytes} bytes after. "
        + (copy is null ? "There is no copy." : $"The copy {copy} is kept; if threads are missing, put it back."),
        data: null, $":{when.Replace(' ', '-')}");

    /// <summary>One event for each crash loop of a serving replica.</summary>
    public void Failing(RunnableRevision revision, string message, StartFacts facts, DateTimeOffset since) => Add(
        revision, ListenerEventKinds.Failing, message, Json(facts), $":{since.ToUnixTimeMilliseconds()}");

    /// <summary>The end of a crash loop that was told.</summary>
    public void Recovered(RunnableRevision revision, DateTimeOffset since) => Add(
        revision, ListenerEventKinds.Recovered, $"Revision {revision.Planned} is ready again.", data: null, $":{since.ToUnixTimeMilliseconds()}");

    private void Add(RunnableRevision revision, string kind, string message, JsonElement? data = null, string discriminator = "") =>
        Add(revision.Main.Deployment, revision.Main.Revision, kind, message, data, discriminator);

    private void Add(DeploymentId deployment, RevisionId revision, string kind, string message, JsonElement? data, string discriminator) =>
        outbox.Add(deployment, revision, new ReportedEvent(
            $"{kind}:{revision.Value:N}{discriminator}", time.GetUtcNow(), kind, message, data));

    private static string Runs(SwitchProof proof) => proof.RunsUnderWayAtHold is { } atHold
        ? $"{atHold} runs under way, {proof.RunsUnderWayAtStop?.ToString() ?? "unknown"} at the stop"
        : "the server could not say which runs were under way, so only requests were waited for";

    private static string NotCopied(SwitchProof proof) =>
        proof is { StateCopy: null, StateBytesBefore: > 0 } ? " The state is larger than may be copied while callers wait, so there is no copy." : "";

    private static string Seconds(TimeSpan? span) => span is { } known ? $"{known.TotalSeconds:0.0} s" : "an unknown time";

    private static JsonElement Json(StartFacts facts) => JsonSerializer.SerializeToElement(facts, ApiJson.Default.StartFacts);

    private static JsonElement? Json(SwitchProof? proof) =>
        proof is null ? null : JsonSerializer.SerializeToElement(proof, ApiJson.Default.SwitchProof);
}
