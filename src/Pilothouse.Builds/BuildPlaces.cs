using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds;

/// <summary>Where a control plane keeps builds under way, artifacts, and what it knows of them.</summary>
/// <param name="Bucket">Null: artifacts are on this machine, or in a directory that others see too.</param>
internal sealed record BuildPlaces(BuildDirectories Builds, ArtifactStore Artifacts, ArtifactIndex Index, IToolchains Toolchains, ArtifactBucket? Bucket)
{
    public static BuildPlaces Of(BuildsOptions options, IToolchains toolchains, IBucket? bucket, TimeProvider time)
    {
        var index = new ArtifactIndex(Path.Combine(options.BuildsDirectory, "index"));
        var artifacts = new ArtifactStore(options.ArtifactsDirectory, index, options.ArtifactGrace, time);
        var shared = bucket is null
            ? null
            : new ArtifactBucket(bucket, artifacts, options.TransfersDirectory, options.DiskBytes, options.ArtifactGrace, time);
        return new BuildPlaces(new BuildDirectories(options.BuildsDirectory, time), artifacts, index, toolchains, shared);
    }

    /// <summary>Whether all that a launch spec takes from the host and its toolchain is (still) there: a toolchain may be thrown away at any time.</summary>
    public bool HasPrograms(LaunchSpec launch) =>
        launch.Arguments.Concat(launch.Environment.Values.SelectMany(value => value.Split(':')))
            .Where((text, index) => index == 0 || text.StartsWith(Placeholders.Toolchain, StringComparison.Ordinal))
            .Select(text => text.Replace(Placeholders.Toolchain, Toolchains.Directory, StringComparison.Ordinal))
            .Where(path => path.StartsWith('/'))
            .All(Path.Exists);
}
