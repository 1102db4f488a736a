namespace Pilothouse.Contracts;

/// <summary>Every reason for which a call is refused. Listed with its HTTP status in docs/errors.md.</summary>
public static class Codes
{
    public const string Invalid = "invalid";
    public const string NotFound = "not_found";
    public const string Unauthenticated = "unauthenticated";
    public const string WorkspaceRequired = "workspace_required";
    public const string Forbidden = "forbidden";
    public const string NameTaken = "name_taken";
    public const string Conflict = "conflict";
    public const string ReservedName = "reserved_name";
    public const string Immutable = "immutable";
    public const string ListenerRequired = "listener_required";
    public const string SourceConfiguration = "source_configuration";
    public const string WrongSource = "wrong_source";
    public const string UploadExpired = "upload_expired";
    public const string UploadUsed = "upload_used";
    public const string TooLarge = "too_large";
    public const string NotDeleted = "not_deleted";
    public const string LimitReached = "limit_reached";
    public const string NotConfigured = "not_configured";
    public const string QueueFull = "queue_full";
    public const string KeyBusy = "key_busy";
    public const string PreconditionFailed = "precondition_failed";
    public const string TooManyStreams = "too_many_streams";

    /// <summary>The caller has as many idempotency keys kept as it may.</summary>
    public const string TooManyKeys = "too_many_keys";

    /// <summary>429: a key or a workspace sends more requests than it may; <c>Retry-After</c> says when to try again.</summary>
    public const string TooManyRequests = "too_many_requests";
    public const string Unavailable = "unavailable";

    /// <summary>Another instance of the listener leads by now: this one must stop what it runs.</summary>
    public const string ListenerSuperseded = "listener_superseded";
}
