namespace Pilothouse.EndToEnd.Chaos;

/// <summary>What may never be, told from what clients were answered, what the database saw, and what is there at the end.</summary>
internal static class HistoryChecker
{
    private static readonly string[] s_inFlight = ["AwaitingBuild", "Building", "AwaitingDeploy", "Deploying"];
    private static readonly string[] s_final = ["Deployed", "CreateFailed", "BuildFailed", "DeployFailed", "Skipped", "Interrupted"];

    /// <summary>The table of states, written out once more.</summary>
    private static readonly HashSet<(string From, string To)> s_allowed =
    [
        ("", "Creating"), ("", "Queued"), ("", "CreateFailed"), ("Creating", "Queued"), ("Creating", "CreateFailed"), ("Creating", "Interrupted"),
        ("Queued", "AwaitingBuild"), ("Queued", "AwaitingDeploy"), ("Queued", "Skipped"), ("Queued", "Interrupted"),
        ("AwaitingBuild", "Building"), ("AwaitingBuild", "BuildFailed"), ("AwaitingBuild", "Interrupted"),
        ("Building", "AwaitingDeploy"), ("Building", "BuildFailed"), ("Building", "AwaitingBuild"), ("Building", "Interrupted"),
        ("AwaitingDeploy", "Deploying"), ("AwaitingDeploy", "Deployed"), ("AwaitingDeploy", "DeployFailed"), ("AwaitingDeploy", "Interrupted"),
        ("Deploying", "Deployed"), ("Deploying", "DeployFailed"), ("Deploying", "Interrupted"), ("DeployFailed", "Deployed"),
    ];

    /// <returns>One sentence for each thing that is wrong.</returns>
    public static IReadOnlyList<string> Check(IReadOnlyList<Act> acts, IReadOnlyList<Entered> entered, Remains remains) =>
        [.. Acknowledged(acts, remains), .. Order(entered), .. Writers(entered), .. End(remains)];

    private static IEnumerable<string> Acknowledged(IReadOnlyList<Act> acts, Remains remains)
    {
        var deleting = acts.Where(act => act.Kind is "delete").Select(act => act.Deployment).ToHashSet();
        foreach (var act in acts.Where(act => act.IsAcknowledged))
        {
            if (act.Kind is "delete" && remains.Deployments.Contains(act.Deployment!.Value)) yield return $"{act.Deployment} was deleted, by {act.Status}, and is there.";
            if (deleting.Contains(act.Deployment)) continue;
            if (act.Kind is "create" && !remains.Deployments.Contains(act.Deployment!.Value)) yield return $"{act.Deployment} was created, by {act.Status}, and is lost.";
            if (act.Kind is "patch" && act.Revision is { } revision && !remains.Revisions.ContainsKey(revision))
                yield return $"Revision {revision} of {act.Deployment} was acknowledged by {act.Status}, and is lost.";
        }

        // Nothing is wrong with the calls themselves, so that a control plane may only say that it cannot at present.
        foreach (var act in acts.Where(act => act.Status is >= 500 and not (502 or 503) || act is { Kind: "call", Status: >= 400 and < 500 }))
            yield return $"{act.Kind} of {act.Deployment} was answered {act.Status} at {act.Began:HH:mm:ss.fff}.";
    }

    private static IEnumerable<string> Order(IReadOnlyList<Entered> entered)
    {
        foreach (var one in entered.Where(one => !s_allowed.Contains((one.From, one.To)))) yield return $"Revision {one.Revision} went from {one.From} to {one.To}.";
        foreach (var deployment in entered.GroupBy(one => one.Deployment))
        {
            var inFlight = new HashSet<Guid>();
            foreach (var one in deployment.OrderBy(one => one.Order))
            {
                if (s_inFlight.Contains(one.To)) inFlight.Add(one.Revision);
                else inFlight.Remove(one.Revision);
                if (inFlight.Count > 1) yield return $"Revisions {string.Join(" and ", inFlight)} of {deployment.Key} were in flight at once.";
            }
        }
    }

    /// <summary>Who was overtaken, in a build or in running the agents, writes nothing more about it.</summary>
    private static IEnumerable<string> Writers(IReadOnlyList<Entered> entered)
    {
        var builders = new Dictionary<Guid, string>();
        foreach (var one in entered.OrderBy(one => one.Order))
        {
            if (one is { From: "AwaitingBuild", To: "Building" }) builders[one.Revision] = one.Writer;
            if (one is { From: "Building", To: "AwaitingDeploy" or "BuildFailed" } && !string.Equals(builders.GetValueOrDefault(one.Revision), one.Writer, StringComparison.Ordinal))
                yield return $"The build of revision {one.Revision} was {builders.GetValueOrDefault(one.Revision)}'s, and {one.Writer} ended it.";
            if (one is { To: "Deploying" or "Deployed" } or { From: "Deploying", To: "DeployFailed" } && !string.Equals(one.Holder, one.Writer, StringComparison.Ordinal))
                yield return $"Revision {one.Revision} became {one.To} by {one.Writer} while {one.Holder} ran the agents.";
        }
    }

    private static IEnumerable<string> End(Remains remains)
    {
        foreach (var (revision, status) in remains.Revisions.Where(one => !s_final.Contains(one.Value))) yield return $"Revision {revision} is still {status}.";
        foreach (var replica in remains.Replicas.Where(one => !remains.Serving.Contains(one))) yield return $"A replica runs for {replica}, which serves nothing.";
        foreach (var twice in remains.Replicas.GroupBy(one => one).Where(one => one.Count() > 1)) yield return $"{twice.Count()} replicas run for {twice.Key}.";
        foreach (var missing in remains.Serving.Where(one => !remains.Replicas.Contains(one))) yield return $"No replica runs for {missing}.";
        foreach (var (refused, cut) in remains.Switches.Where(one => one.Refused > 0)) yield return $"A switch refused {refused} and cut {cut} callers.";
    }
}
