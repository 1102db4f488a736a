namespace Pilothouse.Control.Storage;

/// <summary>A rollback that stays: one for each deployment at most. Gone once it is released.</summary>
public sealed class PinRow
{
    public Guid DeploymentId { get; set; }
    public Guid WorkspaceId { get; set; }

    /// <summary>The revision that the rollback made.</summary>
    public Guid RevisionId { get; set; }

    public int RevisionNumber { get; set; }

    /// <summary>The earlier revision whose configuration it carries.</summary>
    public Guid TargetRevisionId { get; set; }

    public int TargetNumber { get; set; }

    /// <summary>Which source that is: see <c>SourceMark</c>. Null: not known.</summary>
    public string? TargetMark { get; set; }

    /// <summary>The newest revision when it was made: what nothing automatic brings back.</summary>
    public Guid LeftRevisionId { get; set; }

    public int LeftNumber { get; set; }
    public string? LeftMark { get; set; }
    public string? Reason { get; set; }

    /// <summary>The caller's subject.</summary>
    public Guid PinnedBy { get; set; }

    public DateTimeOffset PinnedAt { get; set; }
}

/// <summary>When a listener was last heard of, to within half a minute, and which of its instances leads.</summary>
public sealed class ListenerContactRow
{
    public Guid ListenerId { get; set; }
    public DateTimeOffset At { get; set; }

    /// <summary>The instance that leads; null: none did ever, as of the one inside <c>serve</c>.</summary>
    public Guid? InstanceId { get; set; }

    /// <summary>One more with each that leads; what an earlier one says is refused.</summary>
    public long Lease { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>When another instance last asked to lead.</summary>
    public DateTimeOffset? StandbyAt { get; set; }
}
