using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>Packages by exact version: what uv has resolved.</summary>
/// <param name="Versions">By normalised name.</param>
/// <param name="Addresses">Lines that name a package by address, as they are, e.g. <c>agent @ git+https://…</c>.</param>
/// <param name="Folders">Packages that lie in the source; relative to where uv ran, or absolute.</param>
internal sealed partial record PinnedPackages(IReadOnlyDictionary<string, string> Versions, IReadOnlyList<string> Addresses, IReadOnlyList<string> Folders)
{
    public static PinnedPackages Parse(IEnumerable<string> lines)
    {
        var (versions, addresses, folders) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new List<string>(), new List<string>());
        foreach (var line in lines.Select(line => line.Split(" #")[0].Trim()).Where(line => line.Length > 0 && !line.StartsWith('#')))
        {
            var bare = line.StartsWith("-e ", StringComparison.Ordinal) ? line[3..].Trim() : line;
            if (Pinned().Match(bare) is { Success: true } pinned) versions[Requirement.Normalize(pinned.Groups[1].Value)] = pinned.Groups[2].Value;
            else if (FolderOf(bare) is { } folder) folders.Add(folder);
            else if (!bare.StartsWith('-')) addresses.Add(bare);
        }

        return new PinnedPackages(versions, addresses, folders);
    }

    public IEnumerable<string> Lines(Func<string, bool> isIn) => Versions.Where(package => isIn(package.Key)).Select(package => $"{package.Key}=={package.Value}");

    private static string? FolderOf(string line)
    {
        var text = line.Split(" @ ")[^1].Split(" ;")[0].Trim();
        if (text.StartsWith("file://", StringComparison.Ordinal)) return Uri.UnescapeDataString(text["file://".Length..].Split('#')[0]);
        return text is ['.' or '/', ..] ? text : null;
    }

    [GeneratedRegex(@"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([A-Za-z0-9.!+_-]+)(?:\s*;.*)?$")]
    private static partial Regex Pinned();
}
