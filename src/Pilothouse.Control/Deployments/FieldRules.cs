using System.Buffers;
using System.Text.RegularExpressions;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>Rules of single values. Each answers one sentence for the caller, or null when the value is good.</summary>
internal static partial class FieldRules
{
    private const int MaxPathLength = 1024;
    private const int MaxSegmentLength = 255;
    private const int MaxUrlLength = 2048;
    private const int MaxRefLength = 255;
    private const int MaxCommandLength = 4096;
    private const int MaxVersionLength = 200;

    private static readonly SearchValues<char> s_disallowed = SearchValues.Create("\"`\\\n\r\0\t|;$><");

    /// <summary>Packages whose versions clients report (behaviour reference 1.1).</summary>
    private static readonly string[] s_trackedPackages = ["google-adk"];

    /// <summary>The name leads the deployment's host name, so that letters, digits and dashes are all it can have.</summary>
    public static string? DeploymentName(string name) =>
        name.Length <= RouteLabel.MaxNameLength && Name().IsMatch(name)
            ? null
            : $"name must start with a letter, have only letters, digits and dashes, and at most {RouteLabel.MaxNameLength} characters.";

    public static string? AgentId(string id) => id.Length is > 0 and <= 128 && !id.Any(char.IsControl)
        ? null
        : "agent.agent_id must have 1 to 128 characters, and no control characters.";

    /// <param name="field"><c>install_command</c> or <c>build_command</c>.</param>
    public static string? Command(string command, string field)
    {
        if (command.Length > MaxCommandLength) return $"{field} is longer than {MaxCommandLength} characters.";
        return command.AsSpan().ContainsAny(s_disallowed) || HasLoneAmpersand(command)
            ? $"{field} contains disallowed characters or patterns."
            : null;
    }

    /// <summary>Relative, with <c>/</c>, inside the source.</summary>
    public static string? ConfigPath(string path)
    {
        const string Wanted = "source_revision_config.langgraph_config_path must be a relative path inside the source, e.g. 'app/langgraph.json'";
        if (path.Length is 0 or > MaxPathLength) return $"{Wanted}, of 1 to {MaxPathLength} characters.";
        if (path.Any(char.IsControl)) return $"{Wanted}, without control characters.";
        if (path.Contains('\\', StringComparison.Ordinal)) return $"{Wanted}, with '/' and no '\\'.";
        if (path[0] is '/' or '-' or '~') return $"{Wanted}; it starts with '{path[0]}'.";
        return WithoutLeadingDots(path).Split('/').Any(segment => segment is "" or "." or ".." || segment.Length > MaxSegmentLength)
            ? $"{Wanted}, without empty parts, '.' and '..'."
            : null;
    }

    /// <summary><c>./langgraph.json</c> is <c>langgraph.json</c>.</summary>
    public static string WithoutLeadingDots(string path)
    {
        while (path.StartsWith("./", StringComparison.Ordinal)) path = path[2..];
        return path;
    }

    public static string? Image(string reference) => ImageReference.IsValid(reference)
        ? null
        : "source_revision_config.image_uri is not an image reference: [host[:port]/]path[:tag][@digest], lower-case path, no scheme.";

    /// <summary>What git takes as a branch (git-check-ref-format), or <c>refs/tags/…</c>. <c>@</c> and <c>HEAD</c> mean another ref.</summary>
    public static string? RepoRef(string name) =>
        name.Length is > 0 and <= MaxRefLength && name is not ("@" or "HEAD") && name[^1] != '.' && GitRef().IsMatch(name)
            && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("@{", StringComparison.Ordinal)
            && !name.Split('/').Any(part => part is "" || part[0] == '.' || part.EndsWith(".lock", StringComparison.Ordinal))
            ? null
            : "source_revision_config.repo_ref is not the name of a branch, or 'refs/tags/' and the name of a tag.";

    public static string? RepoUrl(string url) =>
        IsPlainUrl(url, out var uri) && uri.Scheme is "https" && uri.AbsolutePath.Length > 1
            ? null
            : "source_config.repo_url must be an https URL of a repository, without user name and password.";

    public static string? CustomUrl(string url) => IsPlainUrl(url, out _)
        ? null
        : "source_config.custom_url must be an absolute http or https URL without user name, password, query and fragment.";

    /// <param name="entry"><c>package:version</c>; the version may be a specifier (<c>&gt;=1.0,&lt;2</c>) or <c>unknown</c>.</param>
    public static string? TrackedPackage(string entry, int at)
    {
        var colon = entry.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && s_trackedPackages.Contains(entry[..colon], StringComparer.Ordinal) && Version().IsMatch(entry.AsSpan(colon + 1))
            && entry.Length - colon - 1 <= MaxVersionLength
            ? null
            : $"tracked_packages[{at}] must be '<package>:<version>' with one of these packages: {string.Join(", ", s_trackedPackages)}.";
    }

    public static bool IsTag(string repoRef) => repoRef.StartsWith("refs/tags/", StringComparison.Ordinal);

    /// <summary>A run of an odd number of ampersands holds one that starts a background process; <c>&amp;&amp;</c> does not.</summary>
    private static bool HasLoneAmpersand(string command)
    {
        var run = 0;
        foreach (var character in command)
        {
            if (character == '&') run++;
            else if (run % 2 == 1) return true;
            else run = 0;
        }

        return run % 2 == 1;
    }

    private static bool IsPlainUrl(string url, out Uri uri)
    {
        uri = null!;
        if (url.Length > MaxUrlLength || url.Any(character => character is <= ' ' or >= (char)127 or '\\' or '"' or '<' or '>' or '\'')) return false;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed)) return false;
        uri = parsed;
        return parsed.Scheme is "http" or "https"
            && url.StartsWith($"{parsed.Scheme}://", StringComparison.OrdinalIgnoreCase)
            && parsed.Host.Length > 0 && parsed.UserInfo.Length == 0
            && !url.Contains('@', StringComparison.Ordinal) && !url.Contains('?', StringComparison.Ordinal)
            && !url.Contains('#', StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9-]*\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[^-\s\p{Cc}~^:?*\[\\][^\s\p{Cc}~^:?*\[\\]*\z")]
    private static partial Regex GitRef();

    [GeneratedRegex(@"\A[A-Za-z0-9.,<>=!~*+_ -]+\z")]
    private static partial Regex Version();
}
