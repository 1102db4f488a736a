using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Pilothouse.Runtimes.Process.Native;

/// <summary>Receives what a child prints, on the loop's thread: must be quick, and must not throw.</summary>
/// <param name="isError">From stderr.</param>
/// <param name="bytes">Empty at the end of the stream.</param>
internal delegate void OutputReceived(bool isError, ReadOnlySpan<byte> bytes);

/// <summary>
/// One thread that starts all children, reads all their output and sees all their ends. One thread, because a child's death signal (PR_SET_PDEATHSIG)
/// follows the thread that started it, which therefore must live as long as the runtime; and because reading a pipe asynchronously in .NET holds
/// a pool thread for each, so that many replicas would starve everybody else.
/// </summary>
internal sealed class ChildLoop : IDisposable
{
    private const int ReadBytes = 64 * 1024;

    // One pipe holds 1 MiB; twice that is surely all that a dead process left in it.
    private const int LongestDrain = 32;

    private readonly ConcurrentQueue<Action> _wishes = new();
    private readonly List<Child> _children = [];
    private readonly byte[] _buffer = new byte[ReadBytes];
    private readonly Thread _thread;
    private readonly Lock _wakeLock = new();
    private readonly int _wakeRead;
    private int _wakeWrite;
    private volatile bool _isEnding;

    public ChildLoop()
    {
        (_wakeRead, _wakeWrite) = OpenWake();
        _thread = new Thread(Run) { IsBackground = true, Name = "replicas" };
    }

    public void Start() => _thread.Start();

    /// <param name="started">Called on the loop's thread as soon as the process is there, before anything else happens to it.</param>
    /// <exception cref="SpawnException">Nothing was started.</exception>
    public Task<Child> StartAsync(SpawnRequest request, OutputReceived output, Action<int> started)
    {
        var result = new TaskCompletionSource<Child>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                var spawned = Spawn.Start(request);
                var child = new Child(spawned, Watch(spawned), output);
                _children.Add(child);
                EnterOrEnd(child, started);
                result.SetResult(child);
            }
            catch (Exception exception)
            {
                // Also what is not ours to know: this thread is every replica's.
                result.SetException(exception);
            }
        });
        return result.Task;
    }

    /// <summary>Lets go of a child that has ended. Until then its number (so also its group's) cannot belong to anybody else.</summary>
    public Task ReapAsync(Child child)
    {
        var result = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            Reap(child);
            result.SetResult();
        });
        return result.Task;
    }

    /// <summary>Ends the thread; children that are still there get SIGTERM from the kernel.</summary>
    public void Dispose()
    {
        if (_isEnding) return;
        Post(() => _isEnding = true);
        if (_thread.IsAlive) _thread.Join();
        lock (_wakeLock)
        {
            _ = Libc.Close(_wakeRead);
            _ = Libc.Close(_wakeWrite);
            _wakeWrite = -1;
        }
    }

    private static unsafe (int Read, int Write) OpenWake()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.CloseOnExec | Libc.NonBlocking) != 0) throw new SpawnException(Marshal.GetLastPInvokeError());
        return (ends[0], ends[1]);
    }

    private void Post(Action wish)
    {
        _wishes.Enqueue(wish);
        lock (_wakeLock)
        {
            if (_wakeWrite < 0) return;
            unsafe
            {
                // A full pipe wakes as well as one more byte would.
                byte one = 1;
                _ = Libc.Write(_wakeWrite, &one, 1);
            }
        }
    }

    private void Run()
    {
        var entries = new List<Libc.PollEntry>();
        while (!_isEnding)
        {
            entries.Clear();
            entries.Add(new Libc.PollEntry { Descriptor = _wakeRead, Events = Libc.PollIn });
            foreach (var child in _children)
            {
                // poll skips negative descriptors: closed streams, and ends already seen.
                entries.Add(new Libc.PollEntry { Descriptor = child.Output, Events = Libc.PollIn });
                entries.Add(new Libc.PollEntry { Descriptor = child.ErrorOutput, Events = Libc.PollIn });
                entries.Add(new Libc.PollEntry { Descriptor = child.EndDescriptor, Events = Libc.PollIn });
            }

            if (Poll(entries) <= 0) continue;
            if (entries[0].Returned != 0) Read(_wakeRead);
            Serve(entries);
            while (_wishes.TryDequeue(out var wish))
                wish();
        }
    }

    private void Serve(List<Libc.PollEntry> entries)
    {
        for (var index = 0; index < _children.Count; index++)
        {
            var child = _children[index];
            if (entries[(3 * index) + 1].Returned != 0) ReadOutput(child, isError: false);
            if (entries[(3 * index) + 2].Returned != 0) ReadOutput(child, isError: true);
            if (entries[(3 * index) + 3].Returned != 0) NoteEnd(child);
        }
    }

    private static unsafe int Poll(List<Libc.PollEntry> entries)
    {
        fixed (Libc.PollEntry* first = CollectionsMarshal.AsSpan(entries))
        {
            return Libc.Poll(first, (nuint)entries.Count, -1);
        }
    }

    private void EnterOrEnd(Child child, Action<int> started)
    {
        try
        {
            started(child.ProcessId);
        }
        catch
        {
            _ = Libc.SendSignal(-child.ProcessId, Libc.Kill);
            Reap(child);
            throw;
        }
    }

    private void Reap(Child child)
    {
        if (child.IsReaped) return;
        Drain(child);
        child.CloseAll();
        _children.Remove(child);
        unsafe
        {
            int status;
            _ = Libc.WaitPid(child.ProcessId, &status, 0);
        }

        child.NoteReaped();
    }

    private static int Watch(Spawned spawned)
    {
        var descriptor = Libc.OpenProcess(spawned.ProcessId);
        if (descriptor >= 0) return descriptor;

        // Without it the end would never be seen, so there must be no such child.
        var error = Marshal.GetLastPInvokeError();
        _ = Libc.SendSignal(-spawned.ProcessId, Libc.Kill);
        _ = Libc.Close(spawned.Output);
        _ = Libc.Close(spawned.ErrorOutput);
        unsafe
        {
            int status;
            _ = Libc.WaitPid(spawned.ProcessId, &status, 0);
        }

        throw new SpawnException(error);
    }

    private void NoteEnd(Child child)
    {
        if (ReadEnd(child.ProcessId) is not { } end) return;
        Drain(child);
        child.NoteEnd(end);
    }

    /// <summary>Leaves the zombie: it keeps its number until <see cref="ReapAsync"/>.</summary>
    private static unsafe ChildEnd? ReadEnd(int processId)
    {
        // siginfo_t: 128 bytes; si_code at 8, si_pid at 16, si_status at 24 (64-bit Linux).
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        var result = Libc.WaitId(
            Libc.WaitForProcess, (uint)processId, info, Libc.WaitExited | Libc.WaitNoHang | Libc.WaitKeepZombie);
        if (result != 0 || *(int*)(info + 16) == 0) return null;
        const int exited = 1;
        var status = *(int*)(info + 24);
        return *(int*)(info + 8) == exited ? new ChildEnd(status, Signal: null) : new ChildEnd(128 + status, status);
    }

    private void Drain(Child child)
    {
        for (var round = 0; round < LongestDrain; round++)
        {
            var more = ReadOutput(child, isError: false);
            if (!ReadOutput(child, isError: true) && !more) return;
        }
    }

    /// <returns>False when nothing is there at present.</returns>
    private bool ReadOutput(Child child, bool isError)
    {
        var descriptor = isError ? child.ErrorOutput : child.Output;
        if (descriptor < 0) return false;
        var count = Read(descriptor);
        if (count < 0) return false;
        child.Receive(isError, _buffer.AsSpan(0, count));
        if (count == 0) child.Close(isError);
        return count > 0;
    }

    /// <returns>Bytes read, 0 at the end of the stream, -1 when nothing is there.</returns>
    private unsafe int Read(int descriptor)
    {
        fixed (byte* first = _buffer)
        {
            return (int)Libc.Read(descriptor, first, ReadBytes);
        }
    }
}
