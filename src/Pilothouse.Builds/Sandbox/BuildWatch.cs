using Pilothouse.Builds.Artifacts;

namespace Pilothouse.Builds.Sandbox;

/// <summary>Holds one build to its limits: the first that is exceeded ends everything that the build does.</summary>
internal sealed class BuildWatch : IAsyncDisposable
{
    private const long Mebi = 1 << 20;

    private readonly BuildsOptions _options;
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly BuildGroup? _group;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationTokenSource _done = new();
    private readonly Task _measuring;
    private int _lines;
    private string? _breach;

    /// <param name="name">Of the build, as a file name.</param>
    /// <param name="root">Of the build's folder.</param>
    public BuildWatch(BuildsOptions options, string name, string root, TimeProvider time, CancellationToken cancellationToken)
    {
        (_options, _root, _time) = (options, root, time);
        _group = BuildGroup.TryOpen(name, root, options);
        _limit = new CancellationTokenSource(options.TimeLimit, time);
        _limit.Token.Register(() => Note($"The build took longer than {options.TimeLimit} (Builds:TimeLimit); make it do less, or ask the operator for more time."));
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, cancellationToken);
        _measuring = Task.Run(MeasureAsync, CancellationToken.None);
    }

    /// <summary>Cancelled by the caller and by the first limit.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>One sentence that names the limit; null when none was exceeded.</summary>
    public string? Breach => _breach;

    /// <summary>A process of the build; called as soon as it is there.</summary>
    public void Enter(int id) => _group?.Enter(id);

    /// <returns>Whether the line may still be written.</returns>
    public bool CountLine()
    {
        if (Interlocked.Increment(ref _lines) <= _options.OutputLines) return true;
        Exceed($"The build printed more than {_options.OutputLines} lines (Builds:OutputLines); make its commands quieter.");
        return false;
    }

    /// <summary>When a command has ended: the kernel may have ended it, faster than anybody measures.</summary>
    public void CheckGroup()
    {
        if (_group?.OutOfMemoryKills() > 0) ExceedMemory();
        else if (_group?.RefusedProcesses() > 0) ExceedProcesses();
    }

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _measuring;
        if (_group is not null)
        {
            _group.Kill();
            _group.Remove();
        }

        _linked.Dispose();
        _limit.Dispose();
        _done.Dispose();
    }

    private async Task MeasureAsync()
    {
        using var timer = new PeriodicTimer(_options.MeasureInterval, _time);
        var diskDue = _time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(_done.Token))
            {
                CheckGroup();
                MeasureProcesses();
                if (_time.GetTimestamp() < diskDue) continue;
                var began = _time.GetTimestamp();
                if (FileTree.Bytes(_root, _done.Token) > _options.DiskBytes)
                    Exceed($"The build filled more than {_options.DiskBytes / Mebi} MiB of disk (Builds:DiskBytes); install fewer or smaller packages.");
                // A walk over many files takes a tenth of one core at most.
                diskDue = _time.GetTimestamp() + (10 * (_time.GetTimestamp() - began));
            }
        }
        catch (OperationCanceledException)
        {
            // The build is over.
        }
    }

    private void MeasureProcesses()
    {
        var found = MarkedProcesses.Find(MarkedProcesses.OfBuild(_root));
        if (found.Count > _options.Processes)
            ExceedProcesses();
        else if (MarkedProcesses.MemoryBytes(found, _options.MemoryBytes) > _options.MemoryBytes)
            ExceedMemory();
    }

    private void ExceedProcesses() => Exceed($"The build ran more than {_options.Processes} processes at once (Builds:Processes); make it do less at a time.");

    private void ExceedMemory() => Exceed($"The build used more than {_options.MemoryBytes / Mebi} MiB of memory (Builds:MemoryBytes); make its commands use less, or ask the operator for more.");

    private void Exceed(string breach)
    {
        Note(breach);
        _limit.Cancel();
    }

    private void Note(string breach) => Interlocked.CompareExchange(ref _breach, breach, null);
}
