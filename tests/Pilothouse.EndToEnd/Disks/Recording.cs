using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pilothouse.Testing;

namespace Pilothouse.EndToEnd.Disks;

/// <summary>
/// What strace saw of one program: <c>4722  pwrite64(252&lt;\x2f…&gt;, "\x37…", 24, 32) = 24</c> a line. All strings are in hexadecimal (-xx), so that
/// commas and parentheses are strace's own. Calls that overlap come in two lines, <c>&lt;unfinished ...&gt;</c> and <c>&lt;... fsync resumed&gt;</c>.
/// </summary>
internal sealed partial class Recording(string root)
{
    // As long as the largest write: a record cut short would be a disk that loses bytes.
    private const string LongestString = "16777216";

    private readonly List<DiskEvent> _events = [];
    private readonly Dictionary<string, (string Line, int Began)> _unfinished = [];

    /// <summary>strace stays beside the program (-D), which keeps its parent, and stops it only at these calls (--seccomp-bpf).</summary>
    public static IReadOnlyList<string> Under(string file) =>
    [
        "strace", "-D", "-f", "--seccomp-bpf", "--quiet=attach,personality,thread-execve", "--signal=KILL", "-y", "-xx", "-s", LongestString, "-o", file, "-e",
        "trace=openat,creat,lseek,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,copy_file_range,"
        + "rename,renameat,renameat2,link,linkat,symlink,unlink,unlinkat,mkdir,mkdirat,rmdir,sendto,sendmsg",
        "--",
    ];

    /// <summary>All of it, once the killed program is gone and strace has written its last line.</summary>
    public static async Task<IReadOnlyList<DiskEvent>> ReadAsync(string file, string root)
    {
        var lines = await Eventually.ReadAsync(
            async () => await File.ReadAllLinesAsync(file), lines => lines[^1].EndsWith("+++ killed by SIGKILL +++", StringComparison.Ordinal));
        var recording = new Recording(root);
        foreach (var line in lines) recording.Add(line);
        return recording._events;
    }

    private void Add(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var (thread, text) = (line[..space], line[space..].TrimStart());
        if (text.StartsWith("+++", StringComparison.Ordinal)) return;
        const string unfinished = " <unfinished ...>";
        if (text.EndsWith(unfinished, StringComparison.Ordinal))
        {
            var begun = text[..^unfinished.Length];
            if (begun.StartsWith("send", StringComparison.Ordinal)) AddAnswer(begun);
            else _unfinished[thread] = (begun, _events.Count);
            return;
        }

        var began = _events.Count;
        if (text.StartsWith("<... ", StringComparison.Ordinal))
        {
            if (!_unfinished.Remove(thread, out var first)) return;
            (text, began) = (first.Line + text[(text.IndexOf('>', StringComparison.Ordinal) + 1)..], first.Began);
        }

        if (text.StartsWith("send", StringComparison.Ordinal)) AddAnswer(text);
        else AddCall(text, began);
    }

    private void AddAnswer(string text)
    {
        var said = string.Concat(Strings().Matches(text).Select(match => Decoded(match.Groups[1].Value)));
        if (TraceOfAnswer().Match(said) is { Success: true } trace) _events.Add(new DiskEvent.Answer(trace.Groups[1].Value));
    }

    private void AddCall(string text, int began)
    {
        var close = text.LastIndexOf(") ", StringComparison.Ordinal);
        var open = text.IndexOf('(', StringComparison.Ordinal);
        if (close < open || text[close..].Contains("= -1 ", StringComparison.Ordinal) || text[close..].Contains("= ?", StringComparison.Ordinal)) return;
        var (name, all) = (text[..open], text[(open + 1)..close]);
        var arguments = all.Split(", ");
        var paths = arguments.Where(argument => argument.Contains("\\x", StringComparison.Ordinal) && argument.Length < 8192).Select(PathOf).ToArray();
        if (!paths.Any(path => path.StartsWith(root, StringComparison.Ordinal))) return;

        switch (name)
        {
            case "openat":
                if (arguments[2].Contains("O_CREAT", StringComparison.Ordinal)) _events.Add(new DiskEvent.Create(PathOf(arguments[1])));
                if (arguments[2].Contains("O_TRUNC", StringComparison.Ordinal)) _events.Add(new DiskEvent.Truncate(PathOf(arguments[1]), 0));
                break;
            case "pwrite64":
                _events.Add(new DiskEvent.Write(PathOf(arguments[0]), Number(arguments[3]), Bytes(arguments[1].Trim('"'))));
                break;
            case "ftruncate":
                _events.Add(new DiskEvent.Truncate(PathOf(arguments[0]), Number(arguments[1])));
                break;
            case "fsync" or "fdatasync":
                _events.Add(new DiskEvent.Sync(PathOf(arguments[0]), began));
                break;
            case "rename":
                _events.Add(new DiskEvent.Rename(PathOf(arguments[0]), PathOf(arguments[1])));
                break;
            case "unlink" or "rmdir":
                _events.Add(new DiskEvent.Remove(PathOf(arguments[0])));
                break;
            case "mkdir":
                _events.Add(new DiskEvent.MakeFolder(PathOf(arguments[0])));
                break;
            case "lseek":
                break;
            default:
                throw new NotSupportedException($"The recording does not know what {name} does to a file: {text[..Math.Min(400, text.Length)]}");
        }
    }

    /// <summary>Of <c>12&lt;\x2f…&gt;</c> or <c>"\x2f…"</c>; a removed file's is followed by <c>(deleted)</c>, and is no path then.</summary>
    private static string PathOf(string argument)
    {
        if (argument.EndsWith("(deleted)", StringComparison.Ordinal)) return "";
        return PathText().Match(argument) is { Success: true } match ? Decoded(match.Groups[1].Value) : "";
    }

    private static string Decoded(string text) => Encoding.UTF8.GetString(Bytes(text));

    private static byte[] Bytes(string text) => Convert.FromHexString(text.Replace("\\x", "", StringComparison.Ordinal));

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("""[<"]((?:\\x[0-9a-f]{2})+)[>"]$""")]
    private static partial Regex PathText();

    [GeneratedRegex("\"((?:\\\\x[0-9a-f]{2})+)\"")]
    private static partial Regex Strings();

    [GeneratedRegex("^traceresponse: 00-([0-9a-f]{32})", RegexOptions.Multiline)]
    private static partial Regex TraceOfAnswer();
}
