using System.Text;

namespace Pilothouse.Control.Storage;

/// <summary>The message is one sentence for the operator.</summary>
public sealed class DataDirectoryInUseException(string message, Exception inner) : Exception(message, inner);

/// <summary>
/// One control plane per data directory: a second one would end the first one's agents as left-overs. The lock is the kernel's (flock), so it goes
/// with the process however that ends.
/// </summary>
public sealed class DataDirectoryLock(DataDirectory directory) : IDisposable
{
    private FileStream? _held;

    /// <summary>
    /// Of this directory, at every start the same: whoever else used the store under this name is dead while the lock is held. Made at first use.
    /// </summary>
    public string Replica { get; private set; } = $"{Guid.NewGuid():N}";

    /// <summary>Held until disposed; a second call changes nothing.</summary>
    public void Take()
    {
        if (_held is not null) return;
        directory.Ensure();
        try
        {
            _held = new FileStream(directory.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            KeepReplica(_held);
        }
        catch (IOException taken)
        {
            throw new DataDirectoryInUseException(
                $"The data directory '{directory.Root}' is in use by another pilothouse: stop that one, or choose another directory with --data.", taken);
        }
    }

    private void KeepReplica(FileStream file)
    {
        Span<byte> text = stackalloc byte[32];
        if (file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) == text.Length)
        {
            Replica = Encoding.ASCII.GetString(text);
            return;
        }

        file.Position = 0;
        file.Write(Encoding.ASCII.GetBytes(Replica));
        file.Flush(flushToDisk: true);
    }

    public void Dispose() => _held?.Dispose();
}
