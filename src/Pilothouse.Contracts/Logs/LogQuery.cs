namespace Pilothouse.Contracts.Logs;

/// <summary>Body of the v1 log calls.</summary>
public sealed record LogQuery
{
    /// <summary><c>asc</c> or <c>desc</c>.</summary>
    public string? Order { get; init; }

    public int? Limit { get; init; }

    /// <summary>Opaque: the <c>next_offset</c> of the page before.</summary>
    public string? Offset { get; init; }

    /// <summary>This level and those above it; <c>DEBUG INFO WARNING ERROR CRITICAL</c>.</summary>
    public string? Level { get; init; }

    /// <summary>Only messages that contain this, in any case.</summary>
    public string? Query { get; init; }

    /// <summary>ISO 8601, inclusive.</summary>
    public string? StartTime { get; init; }

    /// <summary>ISO 8601, inclusive.</summary>
    public string? EndTime { get; init; }
}

/// <param name="Id">Unique, for de-duplication while following.</param>
/// <param name="Timestamp">Milliseconds since 1970 UTC.</param>
public sealed record LogEntry(string Id, long Timestamp, string Level, string Message);

/// <param name="NextOffset">To be sent for the entries after these; present whenever entries were returned.</param>
public sealed record LogPage(IReadOnlyList<LogEntry> Logs, string? NextOffset);
