namespace Pilothouse.Builds.Toolchains;

/// <summary>Programs that projects share: installed once per version and host, never changed afterwards, never inside a project.</summary>
internal interface IToolchains
{
    /// <summary>Absolute; replaces <c>${toolchain}</c> in launch specs.</summary>
    string Directory { get; }

    /// <summary>Absolute; package caches, a folder for each package manager.</summary>
    string CacheDirectory { get; }

    /// <summary>Absolute path of the tool's folder; installs it first when it is not there. Two processes that ask at once install it once.</summary>
    /// <param name="name">Kind and version with <c>/</c>, e.g. <c>node/22.23.3</c>.</param>
    /// <param name="installAsync">Fills an empty folder, which becomes the tool's when this returns; its own path must not be kept in it.</param>
    Task<string> EnsureAsync(string name, Func<string, CancellationToken, Task> installAsync, CancellationToken cancellationToken);
}
