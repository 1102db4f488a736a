namespace Pilothouse.Runtimes.Process.Native;

/// <param name="Code">Exit code, or 128 + signal.</param>
/// <param name="Signal">Null when it ended by itself.</param>
internal sealed record ChildEnd(int Code, int? Signal);

/// <summary>A child of <see cref="ChildLoop"/>. Descriptors are touched by the loop's thread only.</summary>
internal sealed class Child(Spawned spawned, int endDescriptor, OutputReceived output)
{
    private readonly TaskCompletionSource<ChildEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int ProcessId { get; } = spawned.ProcessId;

    /// <summary>Completes when the process has ended and all that it printed was received. Never fails.</summary>
    public Task<ChildEnd> End => _end.Task;

    /// <summary>-1 once closed; so for the others.</summary>
    public int Output { get; private set; } = spawned.Output;

    public int ErrorOutput { get; private set; } = spawned.ErrorOutput;

    public int EndDescriptor { get; private set; } = endDescriptor;

    /// <summary>Set by the loop's thread: from then on the number may be somebody else's.</summary>
    public bool IsReaped { get; private set; }

    public void NoteReaped() => IsReaped = true;

    public void Receive(bool isError, ReadOnlySpan<byte> bytes) => output(isError, bytes);

    public void NoteEnd(ChildEnd end)
    {
        if (EndDescriptor >= 0) _ = Libc.Close(EndDescriptor);
        EndDescriptor = -1;
        _end.TrySetResult(end);
    }

    public void Close(bool isError)
    {
        if (isError)
        {
            if (ErrorOutput >= 0) _ = Libc.Close(ErrorOutput);
            ErrorOutput = -1;
        }
        else
        {
            if (Output >= 0) _ = Libc.Close(Output);
            Output = -1;
        }
    }

    public void CloseAll()
    {
        foreach (var isError in (ReadOnlySpan<bool>)[false, true])
        {
            if ((isError ? ErrorOutput : Output) < 0) continue;
            output(isError, []);
            Close(isError);
        }

        if (EndDescriptor >= 0) _ = Libc.Close(EndDescriptor);
        EndDescriptor = -1;
    }
}
