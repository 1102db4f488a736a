namespace Pilothouse.EndToEnd.Disks;

/// <summary>
/// A disk that promises what POSIX does and nothing more. Bytes of a file are safe once the file is synced, names once their folder is. What was not
/// synced when the power goes is there or not there, sector by sector and name by name.
/// </summary>
/// <param name="root">Was there before; its own name is safe.</param>
/// <param name="lies">Files and folders whose syncs do nothing: a program that leaves them out.</param>
internal sealed class CutDisk(string root, Func<string, bool> lies)
{
    private readonly Dictionary<string, Node> _now = new(StringComparer.Ordinal) { [root] = new Node { IsFolder = true } };

    private int At { get; set; }

    public void Apply(DiskEvent happened)
    {
        switch (happened)
        {
            case DiskEvent.Create create when !_now.ContainsKey(create.Path):
                Name(create.Path, new Node());
                break;
            case DiskEvent.MakeFolder make:
                Name(make.Path, new Node { IsFolder = true });
                break;
            case DiskEvent.Rename rename:
                var moved = _now[rename.From];
                Unname(rename.From);
                Name(rename.To, moved);
                break;
            case DiskEvent.Remove remove:
                Unname(remove.Path);
                break;
            case DiskEvent.Write write when _now.TryGetValue(write.Path, out var node):
                node.Changes.Add(new Change(At, write.Offset, write.Bytes));
                break;
            case DiskEvent.Truncate cut when _now.TryGetValue(cut.Path, out var node):
                node.Changes.Add(new Change(At, cut.Size, null));
                break;
            case DiskEvent.Sync sync when !lies(sync.Path) && _now.TryGetValue(sync.Path, out var node):
                node.SafeBefore = Math.Max(node.SafeBefore, sync.Before);
                break;
            default:
                break;
        }

        At++;
    }

    /// <summary>Writes what is there after a power cut at this moment.</summary>
    /// <param name="keep">How likely what was not synced is there all the same, 0 to 1.</param>
    public void Cut(string into, Random random, double keep)
    {
        var sector = random.Next(2) == 0 ? 512 : 4096;
        Write(_now[root], into);

        void Write(Node folder, string path)
        {
            Directory.CreateDirectory(path);
            foreach (var (name, node) in folder.EntriesAfter(random, keep))
            {
                var below = Path.Combine(path, name);
                if (node.IsFolder) Write(node, below);
                else File.WriteAllBytes(below, node.BytesAfter(random, keep, sector));
            }
        }
    }

    private void Name(string path, Node node)
    {
        _now[path] = node;
        FolderOf(path).Entries.Add((At, Path.GetFileName(path), node));
    }

    private void Unname(string path)
    {
        _now.Remove(path);
        FolderOf(path).Entries.Add((At, Path.GetFileName(path), null));
    }

    private Node FolderOf(string path) => _now[Path.GetDirectoryName(path)!];

    /// <param name="Offset">Without bytes: the length that the file is cut or grown to.</param>
    private sealed record Change(int At, long Offset, byte[]? Bytes);

    /// <summary>A file or a folder, whatever its name is.</summary>
    private sealed class Node
    {
        public bool IsFolder { get; init; }

        public List<Change> Changes { get; } = [];

        /// <summary>Null: the name went.</summary>
        public List<(int At, string Name, Node? Node)> Entries { get; } = [];

        /// <summary>Number of an event.</summary>
        public int SafeBefore { get; set; }

        /// <summary>A journal keeps the order: of the names that are not safe some first ones are there.</summary>
        public Dictionary<string, Node> EntriesAfter(Random random, double keep)
        {
            var there = new Dictionary<string, Node>(StringComparer.Ordinal);
            foreach (var (at, name, node) in Entries)
            {
                if (at >= SafeBefore && random.NextDouble() >= keep) break;
                if (node is null) there.Remove(name);
                else there[name] = node;
            }

            return there;
        }

        public byte[] BytesAfter(Random random, double keep, int sector)
        {
            using var file = new MemoryStream();
            foreach (var change in Changes)
            {
                if (change.Bytes is null)
                {
                    if (change.At < SafeBefore || random.NextDouble() < keep) file.SetLength(change.Offset);
                    continue;
                }

                for (var from = 0; from < change.Bytes.Length;)
                {
                    var upTo = (int)Math.Min(change.Bytes.Length, from + sector - ((change.Offset + from) % sector));
                    if (change.At < SafeBefore || random.NextDouble() < keep)
                    {
                        file.Position = change.Offset + from;
                        file.Write(change.Bytes, from, upTo - from);
                    }

                    from = upTo;
                }
            }

            return file.ToArray();
        }
    }
}
