using Pilothouse.Core.Launching;

namespace Pilothouse.Core.Builds;

/// <summary>From source to artifact.</summary>
public interface IBuildEngine
{
    /// <summary>
    /// Builds once; the same source with the same configuration finds the artifact that is there. Safe to call again after a crash at any line:
    /// whatever a dead build left in its work directory is removed.
    /// </summary>
    /// <returns><see cref="BuildOutcome.Built"/>, or <see cref="BuildOutcome.Refused"/> when the project must change.</returns>
    /// <exception cref="BuildUnavailableException">The machine or a registry failed; safe to retry.</exception>
    /// <exception cref="OperationCanceledException">The build was interrupted; no process and no directory of it is left.</exception>
    Task<BuildOutcome> BuildAsync(BuildRequest request, IBuildLog log, CancellationToken cancellationToken);
}

/// <summary>What to build.</summary>
public sealed record BuildRequest
{
    public required WorkspaceId Workspace { get; init; }
    public required DeploymentId Deployment { get; init; }
    public required RevisionId Revision { get; init; }
    public required BuildSource Source { get; init; }

    /// <summary>Path of langgraph.json inside the source, with <c>/</c>, e.g. <c>app/langgraph.json</c>.</summary>
    public required string ConfigPath { get; init; }

    /// <summary>Runs from the root of the source; null means: by lock file.</summary>
    public string? InstallCommand { get; init; }

    /// <summary>Runs from the folder of langgraph.json; null means none.</summary>
    public string? BuildCommand { get; init; }
}

public abstract record BuildSource
{
    private BuildSource()
    {
    }

    /// <param name="File">Absolute path of the gzip'd tar on this machine.</param>
    /// <param name="Sha256">Lower-case hex of the file's bytes.</param>
    public sealed record Tarball(string File, string Sha256) : BuildSource;
}

public abstract record BuildOutcome
{
    private BuildOutcome()
    {
    }

    /// <param name="Artifact">Complete on disk before this is returned.</param>
    /// <param name="WasThere">The artifact existed; nothing was installed.</param>
    public sealed record Built(Artifact Artifact, bool WasThere) : BuildOutcome;

    /// <param name="Message">One sentence that says what to fix; already written to the build log.</param>
    public sealed record Refused(string Message) : BuildOutcome;
}

/// <summary>A prepared directory together with its launch spec; content-addressed and immutable.</summary>
/// <param name="Digest">Lower-case hex SHA-256; also the name of its directory under the artifact root.</param>
/// <param name="Launch">How to run it.</param>
/// <param name="ServerVersion">Agent server and version for people, e.g. <c>langgraph-api (js) 2.0.0</c>.</param>
public sealed record Artifact(string Digest, LaunchSpec Launch, string ServerVersion);

/// <summary>Receives a build's output line by line; never throws, never blocks on slow storage.</summary>
public interface IBuildLog
{
    /// <param name="level"><c>DEBUG INFO WARNING ERROR CRITICAL</c>.</param>
    /// <param name="message">One line, without its line break; the receiver bounds its length.</param>
    void Write(string level, string message);
}

/// <summary>The build failed for a reason outside the project.</summary>
public sealed class BuildUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
