using Pilothouse.Core;

namespace Pilothouse.Control.Secrets;

/// <summary>The master keys of the configured store, for the verbs of <c>pilothouse-server</c>; all also while control planes use the store.</summary>
public sealed class StoreKeys
{
    private readonly MasterKeyRotation _rotation;

    internal StoreKeys(MasterKeyRotation rotation) => _rotation = rotation;

    /// <summary>Every version that is there, or is needed, from the oldest.</summary>
    /// <exception cref="MasterKeyException">Missing or malformed.</exception>
    public Task<IReadOnlyList<MasterKeyVersion>> ListAsync(CancellationToken cancellationToken) => _rotation.ListAsync(cancellationToken);

    /// <summary>Makes a version, or takes the newest that was brought, and wraps every data key with it. After a kill it goes on where it was.</summary>
    /// <exception cref="MasterKeyException">Missing, malformed or wrong; or somebody else rotates. Nothing was changed.</exception>
    public Task<Outcome<Rotated>> RotateAsync(CancellationToken cancellationToken) => _rotation.RotateAsync(cancellationToken);

    /// <summary>Forgets a version; refused while anything needs it.</summary>
    /// <returns>What remains for the operator to do; null when nothing does.</returns>
    /// <exception cref="MasterKeyException">Missing or malformed; or somebody else changes it.</exception>
    public Task<Outcome<string?>> RetireAsync(int version, CancellationToken cancellationToken) => _rotation.RetireAsync(version, cancellationToken);
}
