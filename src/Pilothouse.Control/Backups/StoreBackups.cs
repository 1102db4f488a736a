namespace Pilothouse.Control.Backups;

/// <summary>Backups of the configured store, for the verbs of <c>pilothouse-server</c>.</summary>
public sealed class StoreBackups
{
    private readonly CreateBackup _create;

    internal StoreBackups(CreateBackup create) => _create = create;

    /// <summary>Writes the store, as it is at one moment, into a file; whoever uses the store goes on. An older file of that name stays until then.</summary>
    /// <exception cref="BackupRefusedException">There is no store, or it is another version's; nothing was written.</exception>
    public Task<BackupSummary> CreateAsync(string file, CancellationToken cancellationToken) => _create.RunAsync(file, cancellationToken);
}
