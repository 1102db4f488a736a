namespace Pilothouse.Cli.Archives;

/// <summary>What makes a source large, in the fewest names that help: folders, unless nearly all of one is in a single thing inside it.</summary>
internal static class HeaviestParts
{
    /// <summary>Of a folder: from here on the part is named instead of the whole.</summary>
    private const double NearlyAll = 0.8;

    /// <summary>Largest first; folders end with <c>/</c>.</summary>
    /// <param name="files">Names with <c>/</c>, and bytes.</param>
    public static IReadOnlyList<(string Name, long Bytes)> Of(IReadOnlyList<(string Name, long Bytes)> files, int count) =>
        [.. Parts("", files).Select(part => Narrowed(part.Key, [.. part])).OrderByDescending(part => part.Bytes).ThenBy(part => part.Name, StringComparer.Ordinal).Take(count)];

    private static (string Name, long Bytes) Narrowed(string name, IReadOnlyList<(string Name, long Bytes)> files)
    {
        while (true)
        {
            var total = files.Sum(file => file.Bytes);
            if (!name.EndsWith('/')) return (name, total);
            var largest = Parts(name, files).MaxBy(part => part.Sum(file => file.Bytes))!;
            if (largest.Sum(file => file.Bytes) < total * NearlyAll) return (name, total);
            (name, files) = (largest.Key, [.. largest]);
        }
    }

    /// <summary>By what comes after the folder's name: a file, or a folder with its <c>/</c>.</summary>
    private static IEnumerable<IGrouping<string, (string Name, long Bytes)>> Parts(string folder, IReadOnlyList<(string Name, long Bytes)> files) =>
        files.GroupBy(file => file.Name.IndexOf('/', folder.Length) is >= 0 and var slash ? file.Name[..(slash + 1)] : file.Name, StringComparer.Ordinal);
}
