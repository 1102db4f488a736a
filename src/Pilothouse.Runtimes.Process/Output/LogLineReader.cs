using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pilothouse.Runtimes.Process.Output;

internal readonly record struct ReadLine(string Level, string Message);

/// <summary>
/// Finds level and message in one stream's lines: JSON objects as structlog, winston, pino and python-json-logger write them, else text whose
/// beginning names a level, else INFO, also on stderr (uvicorn and many others print everything there), unless it looks like an error.
/// </summary>
internal sealed partial class LogLineReader
{
    private const string Info = "INFO";
    private const string Error = "ERROR";

    private static readonly string[] LevelNames = ["level", "severity", "levelname", "log_level", "lvl"];
    private static readonly string[] MessageNames = ["event", "message", "msg"];
    private static readonly string[] TraceNames = ["exception", "stack", "exc_info", "stack_info"];

    private Trace _trace;

    private enum Trace
    {
        None,
        Python,
        JavaScript,
    }

    /// <summary>One line may hold several: the lines of a traceback inside a JSON object each become one.</summary>
    public IEnumerable<ReadLine> Read(string line)
    {
        if (ReadJson(line) is { } found)
        {
            _trace = Trace.None;
            return found;
        }

        var clean = Clean(line);
        return clean.Length == 0 ? [] : [new ReadLine(LevelOf(clean), clean)];
    }

    private static IEnumerable<ReadLine>? ReadJson(string line)
    {
        var text = line.AsSpan().Trim();
        if (text.IsEmpty || text[0] != '{' || text[^1] != '}') return null;
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (First(root, MessageNames) is not { } message) return null;
            var level = First(root, LevelNames) is { } name ? Normalize(name) ?? Info : Info;
            var all = First(root, TraceNames) is { } trace ? $"{message}\n{trace}" : message;
            return [.. all.Split('\n').Select(Clean).Where(part => part.Length > 0).Select(part => new ReadLine(level, part))];
        }
        catch (Exception noText) when (noText is JsonException or InvalidOperationException)
        {
            // The latter: a member's name holds an escaped half of a surrogate pair, so that names cannot be compared.
            return null;
        }
    }

    /// <summary>Strings and numbers only: what is nested is not meant as text.</summary>
    private static string? First(JsonElement root, string[] names)
    {
        foreach (var name in names)
        {
            if (!root.TryGetProperty(name, out var value)) continue;
            if (value.ValueKind == JsonValueKind.String && Text(value) is { Length: > 0 } text) return text;
            if (value.ValueKind == JsonValueKind.Number) return value.GetRawText();
        }

        return null;
    }

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair, which is valid JSON and no text.
            return value.GetRawText();
        }
    }

    private string LevelOf(string line)
    {
        if (PythonTrace().IsMatch(line))
        {
            _trace = Trace.Python;
            return Error;
        }

        if (_trace == Trace.Python)
        {
            // Its last line, the exception itself, is the first that is not indented.
            if (!char.IsWhiteSpace(line[0])) _trace = Trace.None;
            return Error;
        }

        if (_trace == Trace.JavaScript && JavaScriptFrame().IsMatch(line)) return Error;
        if (PrintedError().IsMatch(line))
        {
            _trace = Trace.JavaScript;
            return Error;
        }

        _trace = Trace.None;
        return LeadingLevel().Match(line) is { Success: true } match && Normalize(match.Groups["level"].Value) is { } level ? level : Info;
    }

    /// <summary>Null for what names no level. Numbers are pino's: 10 trace to 60 fatal.</summary>
    private static string? Normalize(string level)
    {
        if (int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number switch { >= 60 => "CRITICAL", >= 50 => Error, >= 40 => "WARNING", >= 30 => Info, _ => "DEBUG" };
        }

        return level.ToUpperInvariant() switch
        {
            "TRACE" or "DEBUG" or "SILLY" or "VERBOSE" or "NOTSET" => "DEBUG",
            "INFO" or "NOTICE" or "HTTP" or "LOG" => Info,
            "WARN" or "WARNING" => "WARNING",
            "ERROR" or "ERR" or "EXCEPTION" => Error,
            "CRITICAL" or "FATAL" or "EMERG" or "ALERT" => "CRITICAL",
            _ => null,
        };
    }

    /// <summary>Without terminal colours and control characters, which would act on whoever prints the log; tabs stay.</summary>
    private static string Clean(string line)
    {
        if (line.Contains('\u001b', StringComparison.Ordinal)) line = TerminalSequence().Replace(line, "");
        if (!line.Any(IsForbidden)) return line.TrimEnd();
        var clean = new StringBuilder(line.Length);
        foreach (var character in line)
        {
            if (!IsForbidden(character)) clean.Append(character);
        }

        return clean.ToString().TrimEnd();
    }

    private static bool IsForbidden(char character) => char.IsControl(character) && character != '\t';

    // CSI, OSC (ended by BEL or ST) and two-character sequences (ECMA-48).
    [GeneratedRegex(@"\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])", RegexOptions.CultureInvariant)]
    private static partial Regex TerminalSequence();

    // "INFO:     Started", "[ERROR] x", "warn: x", "2026-11-24T08:00:00.123Z [error    ] x", "2026-11-24 08:00:00,123 - name - INFO - x".
    [GeneratedRegex(
        @"^(?:\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s+)?(?:-\s+[\w.]+\s+-\s+)?(?:\[\s*(?<level>[A-Za-z]+)\s*\]|(?<level>[A-Za-z]+)(?:\s*:(?=\s)|\s+-(?=\s)))",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex LeadingLevel();

    [GeneratedRegex(@"^\s*Traceback \(most recent call last\):", RegexOptions.CultureInvariant)]
    private static partial Regex PythonTrace();

    // "TypeError: x", "Uncaught Error: x", "FATAL ERROR: x", "Error [ERR_MODULE_NOT_FOUND]: x".
    [GeneratedRegex(
        @"^(?:Uncaught\s+)?(?:FATAL ERROR|[A-Z]\w*(?:Error|Exception))(?:\s+\[\w+\])?:|^Error(?:\s+\[\w+\])?:", RegexOptions.CultureInvariant)]
    private static partial Regex PrintedError();

    [GeneratedRegex(@"^\s+at\s|^\s+\[cause\]|^\s*[{}]|^\s+\w+:\s", RegexOptions.CultureInvariant)]
    private static partial Regex JavaScriptFrame();
}
