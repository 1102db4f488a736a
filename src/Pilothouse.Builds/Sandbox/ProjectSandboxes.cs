using Microsoft.Extensions.Options;
using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Sandbox;

/// <summary>Gives each build the way to run its programs.</summary>
/// <param name="home">The operator's.</param>
internal sealed class ProjectSandboxes(SandboxProbe probe, PackageSources sources, IToolchains toolchains, IOptions<BuildsOptions> options, string home, TimeProvider time)
{
    public PackageSources Sources => sources;

    public async Task<RunCommand> OpenAsync(WorkspaceId workspace, BuildDirectory directory, BuildWatch watch, IBuildLog log, CancellationToken cancellationToken)
    {
        var (bubblewrap, whyNot) = await probe.FindAsync(cancellationToken);
        if (bubblewrap is null) log.Write("WARNING", $"This build runs without a sandbox, because {whyNot}: its programs can read what Pilothouse can read.");

        sources.CopyHomeFiles(directory.Home);
        var own = Path.Combine(toolchains.CacheDirectory, "workspaces", workspace.ToString());
        Directory.CreateDirectory(own);
        Directory.CreateDirectory(toolchains.Directory);
        var view = new SandboxView(
            directory.Root, directory.Temporary, toolchains.Directory, toolchains.CacheDirectory, own, [.. sources.Paths, .. options.Value.ReadablePaths]);
        return new ProjectCommands(directory, view, watch, sources, bubblewrap, home, time).RunAsync;
    }
}
