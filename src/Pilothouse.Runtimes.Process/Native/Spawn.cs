using System.Runtime.InteropServices;

namespace Pilothouse.Runtimes.Process.Native;

/// <summary>What to start. Never goes through a shell.</summary>
/// <param name="Program">Absolute path.</param>
/// <param name="Arguments">argv, its own name first.</param>
/// <param name="Environment">The whole environment.</param>
/// <param name="WorkingDirectory">Absolute, there already.</param>
internal sealed record SpawnRequest(
    string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory);

/// <summary>The kernel refused to start the program.</summary>
internal sealed class SpawnException(int error)
    : Exception($"The program could not be started: {Marshal.GetPInvokeErrorMessage(error)}.")
{
    public int Error { get; } = error;

    /// <summary>The machine has no room at present; the same request may work later.</summary>
    public bool IsOfMachine =>
        Error is Libc.Again or Libc.NoMemory or Libc.TooManyFiles or Libc.TooManyFilesInSystem;
}

/// <summary>A process just started and our ends of its pipes.</summary>
internal sealed record Spawned(int ProcessId, int Output, int ErrorOutput);

internal static unsafe class Spawn
{
    // Above what a child is given below, so that no redirection overwrites the source of the next one.
    private const int LowestOwnDescriptor = 10;

    // glibc: 336 and 80 bytes, musl: 336 and 80.
    private const int AttributesBytes = 512;
    private const int ActionsBytes = 256;
    private const int SignalSetBytes = 128;

    // What a server prints between the death of its reader and its own end must fit, else it would hang there; 1 MiB is what a plain user may ask for.
    private const int PipeBytes = 1024 * 1024;

    /// <summary>
    /// Starts a program in a session (so also a process group) of its own. The child also holds the reading ends of its pipes: when we are
    /// killed, what it prints while it flushes meets no broken pipe.
    /// </summary>
    /// <exception cref="SpawnException">Nothing was started.</exception>
    public static Spawned Start(SpawnRequest request)
    {
        var (output, outputOfChild) = OpenPipe();
        try
        {
            var (error, errorOfChild) = OpenPipe();
            try
            {
                var process = Start(request, output, outputOfChild, error, errorOfChild);
                return new Spawned(process, output, error);
            }
            catch (SpawnException)
            {
                _ = Libc.Close(error);
                throw;
            }
            finally
            {
                _ = Libc.Close(errorOfChild);
            }
        }
        catch (SpawnException)
        {
            _ = Libc.Close(output);
            throw;
        }
        finally
        {
            _ = Libc.Close(outputOfChild);
        }
    }

    private static int Start(SpawnRequest request, int output, int outputOfChild, int error, int errorOfChild)
    {
        var actions = stackalloc byte[ActionsBytes];
        var attributes = stackalloc byte[AttributesBytes];
        Check(Libc.InitActions(actions));
        Check(Libc.InitAttributes(attributes));
        try
        {
            Check(Libc.AddOpen(actions, 0, "/dev/null", 0, 0));
            Check(Libc.AddDuplicate(actions, outputOfChild, 1));
            Check(Libc.AddDuplicate(actions, errorOfChild, 2));
            Check(Libc.AddDuplicate(actions, output, 3));
            Check(Libc.AddDuplicate(actions, error, 4));
            Check(Libc.AddChangeDirectory(actions, request.WorkingDirectory));

            var all = stackalloc byte[SignalSetBytes];
            new Span<byte>(all, SignalSetBytes).Fill(0xFF);
            var none = stackalloc byte[SignalSetBytes];
            new Span<byte>(none, SignalSetBytes).Clear();
            Check(Libc.SetSpawnDefaultSignals(attributes, all));
            Check(Libc.SetSpawnSignalMask(attributes, none));
            Check(Libc.SetSpawnFlags(
                attributes, Libc.SpawnDefaultSignals | Libc.SpawnSignalMask | Libc.SpawnNewSession));

            return Start(request, actions, attributes);
        }
        finally
        {
            _ = Libc.DestroyActions(actions);
            _ = Libc.DestroyAttributes(attributes);
        }
    }

    private static int Start(SpawnRequest request, byte* actions, byte* attributes)
    {
        using var arguments = new NativeStrings(request.Arguments);
        using var environment = new NativeStrings(request.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
        using var program = new NativeStrings([request.Program]);
        int process;
        Check(Libc.Spawn(&process, program.Pointer[0], actions, attributes, arguments.Pointer, environment.Pointer));
        return process;
    }

    private static (int Read, int Write) OpenPipe()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.CloseOnExec) != 0) throw new SpawnException(Marshal.GetLastPInvokeError());
        var read = Raise(ends[0]);
        var write = Raise(ends[1]);
        if (read < 0 || write < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (read >= 0) _ = Libc.Close(read);
            if (write >= 0) _ = Libc.Close(write);
            throw new SpawnException(error);
        }

        _ = Libc.Control(read, Libc.SetFlags, Libc.NonBlocking);
        _ = Libc.Control(read, Libc.SetPipeSize, PipeBytes);
        return (read, write);
    }

    private static int Raise(int descriptor)
    {
        if (descriptor >= LowestOwnDescriptor) return descriptor;
        var raised = Libc.Control(descriptor, Libc.DuplicateCloseOnExec, LowestOwnDescriptor);
        _ = Libc.Close(descriptor);
        return raised;
    }

    private static void Check(int error)
    {
        if (error != 0) throw new SpawnException(error);
    }

    /// <summary>A null-terminated array of null-terminated UTF-8 strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly List<nint> _strings;

        public NativeStrings(IEnumerable<string> strings)
        {
            _strings = [.. strings.Select(Marshal.StringToCoTaskMemUTF8)];
            Pointer = (byte**)NativeMemory.Alloc((nuint)((_strings.Count + 1) * sizeof(nint)));
            for (var index = 0; index < _strings.Count; index++)
                Pointer[index] = (byte*)_strings[index];
            Pointer[_strings.Count] = null;
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            foreach (var text in _strings)
                Marshal.ZeroFreeCoTaskMemUTF8(text);
            NativeMemory.Free(Pointer);
        }
    }
}
