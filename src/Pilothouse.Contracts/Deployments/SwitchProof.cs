namespace Pilothouse.Contracts.Deployments;

/// <summary>Kinds of <see cref="RevisionEvent"/> that a listener reports.</summary>
public static class ListenerEventKinds
{
    /// <summary>The first revision serves callers.</summary>
    public const string Started = "started";

    /// <summary>The revision became healthy without touching callers or state: on scratch state, or beside the old one.</summary>
    public const string Proven = "proven";

    /// <summary>Not healthy within its limit; still starting.</summary>
    public const string Late = "late";

    /// <summary>Callers were moved; <see cref="RevisionEvent.Data"/> is a <see cref="SwitchProof"/>.</summary>
    public const string Switched = "switched";

    /// <summary>The switch was undone and the old revision serves again; the data is a <see cref="SwitchProof"/>.</summary>
    public const string SwitchedBack = "switched_back";

    /// <summary>The state folder lost files or most of its size around a switch; the copy from before it is kept.</summary>
    public const string StateShrank = "state_shrank";

    /// <summary>The folder was put back from its copy.</summary>
    public const string StateRestored = "state_restored";

    /// <summary>A serving replica keeps ending.</summary>
    public const string Failing = "failing";

    /// <summary>… and is ready again.</summary>
    public const string Recovered = "recovered";

    /// <summary>The revision could not be started; <see cref="RevisionEvent.Data"/> is a <see cref="StartFacts"/>.</summary>
    public const string StartFailed = "start_failed";

    /// <summary>It could serve, and waits for work that is under way; <see cref="RevisionEvent.Data"/> is a <see cref="WaitFacts"/>.</summary>
    public const string Waiting = "waiting";

    /// <summary>The deployment's replicas, route and files are gone.</summary>
    public const string Deleted = "deleted";
}

/// <summary>What a switch did to callers, in numbers; spans in whole milliseconds.</summary>
public sealed record SwitchProof
{
    /// <summary>Null when nothing served before.</summary>
    public int? FromRevision { get; init; }

    public required int ToRevision { get; init; }

    /// <summary>False for state in a database (or none): both ran, and no caller was held.</summary>
    public required bool WasHeld { get; init; }

    /// <summary>Requests under way when the hold began.</summary>
    public int UnderWayAtHold { get; init; }

    /// <summary>Requests that arrived during the hold.</summary>
    public int Held { get; init; }

    /// <summary>Held requests that went to the revision that serves now.</summary>
    public int Moved { get; init; }

    /// <summary>Held requests that were answered with an error; must be 0.</summary>
    public int Refused { get; init; }

    /// <summary>Requests still under way when the drain limit passed and the old replica was stopped.</summary>
    public int Cut { get; init; }

    /// <summary>Runs under way when the hold began; null when the server could not say, and the switch then went by requests alone.</summary>
    public int? RunsUnderWayAtHold { get; init; }

    /// <summary>Runs still under way when the old replica was stopped; null when unknown.</summary>
    public int? RunsUnderWayAtStop { get; init; }

    /// <summary>The longest that a held caller waited.</summary>
    public long LongestWaitMilliseconds { get; init; }

    /// <summary>
    /// Holds that were let go, because what was under way turned out to be long: their callers went on with the old revision after two seconds at
    /// most. They are counted in <see cref="Held"/> and <see cref="Moved"/>.
    /// </summary>
    public int HoldsLetGo { get; init; }

    /// <summary>How long nobody was held while long work was let finish.</summary>
    public long QuietWaitMilliseconds { get; init; }

    public long HoldMilliseconds { get; init; }
    public long DrainMilliseconds { get; init; }
    public long StopMilliseconds { get; init; }
    public long CopyMilliseconds { get; init; }
    public long StartMilliseconds { get; init; }

    /// <summary>Size of the state folder once the old replica had stopped.</summary>
    public long StateBytesBefore { get; init; }

    /// <summary>Size once the new replica was ready.</summary>
    public long StateBytesAfter { get; init; }

    /// <summary>Name of the copy under <c>state-backups/{deployment}/</c>; null when there was nothing to copy, or too much.</summary>
    public string? StateCopy { get; init; }
}
