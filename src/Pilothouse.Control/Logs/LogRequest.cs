using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Logs;

/// <summary>Which lines of which log are asked for.</summary>
/// <param name="Revision">Null: of all revisions of the deployment.</param>
internal sealed record LogScope(Guid Workspace, Guid Deployment, Guid? Revision, bool IsBuild);

internal sealed record LogRequest
{
    public bool IsDescending { get; init; }
    public int Limit { get; init; } = LogRequestReader.DefaultLimit;
    public LogOffset? Offset { get; init; }

    /// <summary>This level and those above it.</summary>
    public int MinLevel { get; init; }

    /// <summary>All must be in the message, in any case.</summary>
    public IReadOnlyList<string> Contains { get; init; } = [];

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? End { get; init; }
}

/// <summary>Reads the same wishes from a JSON body (v1) and from a query string (v2).</summary>
internal static class LogRequestReader
{
    public const int DefaultLimit = 50;

    /// <summary>Of the v2 call, by the contract.</summary>
    public const int MaxLimit = 1_000;

    /// <summary>Of the v1 calls, whose clients send any number that a user types.</summary>
    private const int MaxBodyLimit = 10_000;

    private const int MaxTextLength = 1_000;
    private static readonly string[] s_orders = ["asc", "desc"];

    /// <param name="body">Null for a request without one.</param>
    public static LogRequest Of(BodyReader? body, RequestFaults faults) => body is null
        ? new LogRequest()
        : new LogRequest
        {
            IsDescending = body.OptionalChoice("order", s_orders) is "desc",
            Limit = body.OptionalInt("limit", 1, MaxBodyLimit) ?? DefaultLimit,
            Offset = Offset(body.OptionalText("offset", MaxTextLength), ["body", "offset"], faults),
            MinLevel = Level(body.OptionalText("level", MaxTextLength), ["body", "level"], faults),
            Contains = Texts(body.OptionalText("query", MaxTextLength)),
            Start = Time(body.OptionalText("start_time", MaxTextLength), ["body", "start_time"], faults),
            End = Time(body.OptionalText("end_time", MaxTextLength), ["body", "end_time"], faults),
        };

    public static LogRequest Of(QueryReader query, RequestFaults faults) => new()
    {
        IsDescending = query.OptionalChoice("order", s_orders) is "desc",
        Limit = query.Int("limit", DefaultLimit, 1, MaxLimit),
        Offset = Offset(query.OptionalText("offset"), ["query", "offset"], faults),
        MinLevel = Level(query.OptionalText("level"), ["query", "level"], faults),
        Contains = Texts(query.OptionalText("query"), query.OptionalText("run_id")),
        Start = Time(query.OptionalText("start_time"), ["query", "start_time"], faults),
        End = Time(query.OptionalText("end_time"), ["query", "end_time"], faults),
    };

    private static List<string> Texts(params string?[] texts) => [.. texts.OfType<string>().Where(text => text.Length > 0)];

    private static int Level(string? text, IReadOnlyList<object> location, RequestFaults faults)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        if (LogLevels.Find(text) is { } level) return level;
        ScalarText.NotOneOf(LogLevels.Names, RequestFaults.Element(text), location, faults);
        return 0;
    }

    private static LogOffset? Offset(string? text, IReadOnlyList<object> location, RequestFaults faults)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (LogOffset.Parse(text) is { } offset) return offset;
        faults.Add("value_error", location, "Value error, not a next_offset of an earlier answer", RequestFaults.Element(text));
        return null;
    }

    private static DateTimeOffset? Time(string? text, IReadOnlyList<object> location, RequestFaults faults)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (IsoTime.Parse(text) is { } time) return time;
        faults.Add(
            "datetime_parsing", location, "Input should be a valid datetime, e.g. 2026-01-31T12:00:00Z", RequestFaults.Element(text),
            ("error", "not an ISO 8601 date and time"));
        return null;
    }
}
