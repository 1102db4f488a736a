using Pilothouse.Control.Access;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control;

/// <summary>What must be there before anything is served or reconciled. Called by <c>serve</c> ahead of starting the host; safe to repeat.</summary>
public sealed class ControlStart
{
    private readonly DatabaseMigrator _migrator;
    private readonly PostgresDurability _durability;
    private readonly UnfinishedRestore _restore;
    private readonly DataKeys _dataKeys;
    private readonly Bootstrap _bootstrap;
    private readonly DataDirectoryLock _lock;
    private readonly Takeover _takeover;
    private readonly MappedEndpoints _endpoints;

    internal ControlStart(
        DatabaseMigrator migrator, PostgresDurability durability, UnfinishedRestore restore, DataKeys dataKeys, Bootstrap bootstrap,
        DataDirectoryLock directoryLock, Takeover takeover, MappedEndpoints endpoints)
    {
        _migrator = migrator;
        _durability = durability;
        _restore = restore;
        _dataKeys = dataKeys;
        _bootstrap = bootstrap;
        _lock = directoryLock;
        _takeover = takeover;
        _endpoints = endpoints;
    }

    /// <summary>Takes the data directory, migrates the store, proves the master key, takes over from a dead predecessor, makes the first key.</summary>
    /// <returns>The first admin key when this start made it, to be shown once; else null.</returns>
    /// <exception cref="UnguardedEndpointException">An endpoint does not say who may call it; nothing was touched.</exception>
    /// <exception cref="DataDirectoryInUseException">Another control plane uses the directory.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached, refuses this user, or a table was held too long.</exception>
    /// <exception cref="BackupRefusedException">A restore was begun and did not end.</exception>
    /// <exception cref="MasterKeyException">Missing or wrong master key.</exception>
    /// <exception cref="BootstrapKeyException">The operator's key cannot be used.</exception>
    public async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        _endpoints.Check();
        await MigrateAsync(cancellationToken);
        await _durability.WarnAsync(cancellationToken);
        await _restore.CheckAsync(cancellationToken);
        await _dataKeys.PrepareAsync(cancellationToken);
        await _takeover.RunAsync(cancellationToken);
        return await _bootstrap.RunAsync(cancellationToken);
    }

    /// <summary>Takes the data directory and brings the store to the schema of this program; safe to repeat.</summary>
    /// <exception cref="DataDirectoryInUseException">Another control plane uses the directory.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached, refuses this user, or a table was held too long.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken)
    {
        _lock.Take();
        return _migrator.MigrateAsync(cancellationToken);
    }
}
