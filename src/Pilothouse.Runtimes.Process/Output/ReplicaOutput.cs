using System.Threading.Channels;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process.Output;

/// <summary>
/// Takes what a replica prints and hands it on line by line. Taking never waits: when observers are slower than the replica, lines are left out and
/// counted, and the replica goes on.
/// </summary>
internal sealed class ReplicaOutput
{
    /// <summary>At most 16 KiB each: 16 MiB at worst.</summary>
    private const int LongestQueue = 1024;

    private const int LastLinesKept = 20;
    private const int LongestLastLine = 2000;

    private readonly Lock _lock = new();
    private readonly Queue<string> _last = new();
    private readonly Channel<ReplicaLogLine> _queue =
        Channel.CreateBounded<ReplicaLogLine>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });

    private readonly ReplicaSpec _spec;
    private readonly ReplicaObservers _observers;
    private readonly TimeProvider _time;
    private readonly LineSplitter _output;
    private readonly LineSplitter _error;
    private long _leftOut;
    private int _linesOfRun;

    public ReplicaOutput(ReplicaSpec spec, ReplicaObservers observers, TimeProvider time)
    {
        _spec = spec;
        _observers = observers;
        _time = time;
        var outputReader = new LogLineReader();
        var errorReader = new LogLineReader();
        _output = new LineSplitter(line => Take(outputReader.Read(line)));
        _error = new LineSplitter(line => Take(errorReader.Read(line)));
    }

    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lock)
            {
                return [.. _last];
            }
        }
    }

    /// <summary>Of <see cref="LastLines"/> those that the present process printed.</summary>
    public IReadOnlyList<string> LastLinesOfRun
    {
        get
        {
            lock (_lock)
            {
                return [.. _last.TakeLast(_linesOfRun)];
            }
        }
    }

    public void BeginRun()
    {
        lock (_lock)
        {
            _linesOfRun = 0;
        }
    }

    /// <summary>What the replica printed; empty bytes end the stream.</summary>
    public void Take(bool isError, ReadOnlySpan<byte> bytes)
    {
        var splitter = isError ? _error : _output;
        if (bytes.IsEmpty)
            splitter.End();
        else
            splitter.Take(bytes);
    }

    /// <summary>What the runtime itself has to say in the replica's log.</summary>
    public void Say(string level, string message) => Queue(level, message);

    /// <summary>Hands lines on until <see cref="Complete"/>, also those that were queued then.</summary>
    public async Task RelayAsync()
    {
        await foreach (var line in _queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            Hand(line);
            if (Interlocked.Exchange(ref _leftOut, 0) is > 0 and var count)
                Hand(Line("WARNING", $"{count} log lines were left out here: they came faster than they could be stored."));
        }
    }

    public void Complete() => _queue.Writer.TryComplete();

    private void Take(IEnumerable<ReadLine> lines)
    {
        foreach (var line in lines)
        {
            lock (_lock)
            {
                _last.Enqueue(line.Message.Length > LongestLastLine ? line.Message[..LongestLastLine] + "…" : line.Message);
                _linesOfRun++;
                if (_last.Count > LastLinesKept) _last.Dequeue();
            }

            Queue(line.Level, line.Message);
        }
    }

    private void Queue(string level, string message)
    {
        if (!_queue.Writer.TryWrite(Line(level, message))) Interlocked.Increment(ref _leftOut);
    }

    private void Hand(ReplicaLogLine line) => _observers.Logged(_spec, line);

    private ReplicaLogLine Line(string level, string message) =>
        new(_spec.Workspace, _spec.Deployment, _spec.Revision, _time.GetUtcNow(), level, message);
}
