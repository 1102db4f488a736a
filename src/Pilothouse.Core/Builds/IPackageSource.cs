namespace Pilothouse.Core.Builds;

/// <summary>Where a machine that builds nothing gets artifacts and tools from: its control plane.</summary>
public interface IPackageSource
{
    /// <summary>Brings the packed artifact into a file; what an earlier try left in it is gone on with.</summary>
    /// <param name="file">Absolute; holds the whole package when this returns true.</param>
    /// <returns>False when the control plane has none.</returns>
    /// <exception cref="PackagesUnavailableException">Safe to retry.</exception>
    Task<bool> ArtifactAsync(string digest, string file, CancellationToken cancellationToken);

    /// <summary>The same of a tool.</summary>
    Task<bool> ToolAsync(string name, string file, CancellationToken cancellationToken);
}

/// <summary>The control plane does not answer, or the way to it broke; safe to retry.</summary>
public sealed class PackagesUnavailableException(string message, Exception inner) : Exception(message, inner);
