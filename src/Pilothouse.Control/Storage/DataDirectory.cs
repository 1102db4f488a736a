using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Storage;

/// <summary>Where things lie in the data directory; all paths absolute.</summary>
public sealed class DataDirectory(IOptions<StorageOptions> options)
{
    public string Root { get; } = Path.GetFullPath(options.Value.DataDirectory);

    /// <summary>Seen by every control plane on the same store.</summary>
    private string Shared { get; } = Path.GetFullPath(options.Value.SharedDirectory ?? options.Value.DataDirectory);

    public bool IsShared => options.Value.SharedDirectory is not null;

    public string DatabaseFile => Path.Combine(Root, "pilothouse.db");

    /// <summary>Held by the one control plane that uses this directory.</summary>
    public string LockFile => Path.Combine(Root, "pilothouse.lock");

    public string BootstrapKeyFile => Path.Combine(Root, "bootstrap-key");

    public string MasterKeyFile => Path.Combine(Root, "master-key");

    public string Blobs => Path.Combine(Shared, "blobs");

    /// <summary>Creates the directories for their owner alone; an existing one is left as it is.</summary>
    public void Ensure()
    {
        DurableFile.CreateFolder(Root);
        DurableFile.CreateFolder(Shared);
    }
}
