namespace Pilothouse.Builds.Sources;

/// <summary>
/// Writes the entries of an archive below a folder of its own. Every file and folder there is made by this class, exclusively and never through
/// a link, since it makes none: so no entry can reach what another one planted.
/// </summary>
internal sealed class SourceTree
{
    private const UnixFileMode PlainFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const int MostNamedLeftOut = 20;

    private readonly string _root;
    private readonly SourceLimits _limits;
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal) { "" };
    private readonly Dictionary<string, long> _files = new(StringComparer.Ordinal);
    private readonly List<string> _leftOut = [];
    private int _entries;

    public SourceTree(string root, SourceLimits limits)
    {
        _root = root;
        _limits = limits;
        if (Path.Exists(root)) throw new IOException($"'{root}' is there already; a source is unpacked into a folder of its own.");
        Directory.CreateDirectory(root);
    }

    public int Files => _files.Count;

    public long Bytes { get; private set; }

    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <exception cref="SourceRefusedException">Nothing of the entry was written.</exception>
    public void Add(TarEntry entry, TarReading content)
    {
        Count();
        if (SourcePath.Normalize(entry.Name, _limits.PathBytes, _limits.Depth, out var fault) is not { } path) throw Refused(entry.Name, fault);
        if (path.Length == 0)
        {
            if (!entry.IsFolder) throw Refused(entry.Name, "is a file in the place of the source's own folder");
        }
        else if (EnvFiles.IsLeftOut(path))
        {
            if (!entry.IsFolder && _leftOut.Count < MostNamedLeftOut) _leftOut.Add(path);
        }
        else if (entry.IsFolder)
        {
            AddFolder(path, isImplied: false);
        }
        else
        {
            AddFile(path, entry, content);
        }
    }

    private void AddFile(string path, TarEntry entry, TarReading content)
    {
        if (entry.Size > _limits.FileBytes) throw Refused(path, $"has {entry.Size} bytes, and {_limits.FileBytes} is the limit for one file");
        if (_folders.Contains(path)) throw Refused(path, "is a file, and another entry is a folder of the same name");
        AddFolder(path[..Math.Max(path.LastIndexOf('/'), 0)], isImplied: true);

        var target = Path.Combine(_root, path);
        // The official client writes some files twice; the last is meant.
        if (_files.Remove(path, out var earlier))
        {
            Bytes -= earlier;
            File.Delete(target);
        }

        if (Bytes + entry.Size > _limits.Bytes) throw new SourceRefusedException($"The archive's files have more than {_limits.Bytes} bytes together, with '{SourcePath.Shown(path)}'.");
        using (var file = Create(path, target, entry))
            content.CopyTo(file);
        Bytes += entry.Size;
        _files.Add(path, entry.Size);
    }

    private static FileStream Create(string path, string target, TarEntry entry)
    {
        try
        {
            return new FileStream(target, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = entry.IsExecutable ? PlainFile | Execute : PlainFile,
            });
        }
        catch (IOException) when (Path.Exists(target))
        {
            // Not by this name: on a disk that takes Readme and README, or two spellings of é, for one.
            throw Refused(path, "has the name of another entry, but for case or for how its letters are encoded");
        }
    }

    private void AddFolder(string path, bool isImplied)
    {
        if (_folders.Contains(path)) return;
        if (_files.ContainsKey(path)) throw Refused(path, "is a folder, and another entry is a file of the same name");
        AddFolder(path[..Math.Max(path.LastIndexOf('/'), 0)], isImplied: true);
        if (isImplied) Count();
        var target = Path.Combine(_root, path);
        if (Path.Exists(target)) throw Refused(path, "has the name of another entry, but for case or for how its letters are encoded");
        Directory.CreateDirectory(target);
        _folders.Add(path);
    }

    private void Count()
    {
        if (++_entries > _limits.Entries) throw new SourceRefusedException($"The archive holds more than {_limits.Entries} files and folders.");
    }

    private static SourceRefusedException Refused(string path, string why) => new($"The archive's entry '{SourcePath.Shown(path)}' {why}.");
}
