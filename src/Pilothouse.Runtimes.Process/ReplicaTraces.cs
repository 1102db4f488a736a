using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process;

/// <summary>What one replica has on this machine beside its processes: its directories, its enclosure, and the record of it all.</summary>
internal sealed class ReplicaTraces(ReplicaSpec spec, RuntimeParts parts)
{
    private string? _temporaryDirectory;
    private IEnclosure? _enclosure;

    /// <summary>A scratch replica's own, or the deployment's.</summary>
    public string StateDirectory { get; } = spec.IsScratch
        ? Path.Combine(parts.Options.ScratchDirectory, spec.Name.Value)
        : spec.StateDirectory;

    public string TemporaryDirectory => _temporaryDirectory ?? throw new InvalidOperationException($"{spec.Name} is not prepared.");

    public IEnclosure Enclosure => _enclosure ?? throw new InvalidOperationException($"{spec.Name} is not prepared.");

    /// <exception cref="IOException">The disk or the kernel refused; safe to retry.</exception>
    public void Prepare()
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (spec.IsScratch && Directory.Exists(StateDirectory)) Directory.Delete(StateDirectory, recursive: true);
        _temporaryDirectory = Sweeping.TemporaryDirectory.Create();
        Record(process: null);
        Directory.CreateDirectory(StateDirectory, ownerOnly);
        _enclosure = parts.Limits.Open(spec.Name.Value, spec.Limits);
    }

    public void Record(ProcessIdentity? process) => parts.Records.Write(new ReplicaRecord
    {
        Name = spec.Name.Value,
        BootId = ProcessTable.BootId,
        ProcessId = process?.Id ?? 0,
        StartTicks = process?.StartTicks ?? 0,
        EndsWithUs = parts.Setpriv is not null,
        Directories = _temporaryDirectory is null ? [] : [_temporaryDirectory],
    });

    /// <summary>Never throws: one that cannot be removed keeps no other.</summary>
    public void Remove()
    {
        Try("The enclosure", () => _enclosure?.Remove());
        var areGone = RemoveDirectory(_temporaryDirectory) & (!spec.IsScratch || RemoveDirectory(StateDirectory));

        // Its record stays as long as there is anything for the next sweep.
        if (areGone) Try("The record", () => parts.Records.Remove(spec.Name.Value));
    }

    private bool RemoveDirectory(string? directory) => directory is null || Try(directory, () =>
    {
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    });

    private bool Try(string what, Action removal)
    {
        try
        {
            removal();
            return true;
        }
        catch (Exception exception)
        {
            parts.Logger.NotRemoved(exception, spec.Name, what);
            return false;
        }
    }
}
