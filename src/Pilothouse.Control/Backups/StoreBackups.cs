namespace Pilothouse.Control.Backups;

/// <summary>Backups of the configured store, for the verbs of <c>pilothouse-server</c>.</summary>
public sealed class StoreBackups
{
    private readonly CreateBackup _create;
    private readonly RestoreBackup _restore;
    private readonly CheckSecrets _secrets;

    internal StoreBackups(CreateBackup create, RestoreBackup restore, CheckSecrets secrets)
    {
        _create = create;
        _restore = restore;
        _secrets = secrets;
    }

    /// <summary>Writes the store, as it is at one moment, into a file; whoever uses the store goes on. An older file of that name stays until then.</summary>
    /// <exception cref="BackupRefusedException">There is no store, or it is another version's; nothing was written.</exception>
    public Task<BackupSummary> CreateAsync(string file, CancellationToken cancellationToken) => _create.RunAsync(file, cancellationToken);

    /// <summary>Brings a backup into an empty store; safe to repeat after a kill.</summary>
    /// <exception cref="BackupRefusedException">The backup is damaged or a newer version's, or the store is not empty; nothing was written.</exception>
    /// <exception cref="Secrets.MasterKeyException">The master key is missing, or is not the one that the backup needs; nothing was written.</exception>
    /// <exception cref="Storage.DataDirectoryInUseException">A control plane uses the directory.</exception>
    public Task<RestoreSummary> RestoreAsync(string file, CancellationToken cancellationToken) => _restore.RunAsync(file, cancellationToken);

    /// <summary>Opens every secret of the store.</summary>
    public Task<SecretsSummary> CheckSecretsAsync(CancellationToken cancellationToken) => _secrets.RunAsync(cancellationToken);
}
