using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.AgentServers.JavaScript;
using Pilothouse.Builds.AgentServers.Python;
using Pilothouse.Builds.Sandbox;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Packages;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds;

/// <summary>The build engine on the machine itself: <see cref="IBuildEngine"/> and <see cref="IArtifacts"/>.</summary>
public static class BuildsFeature
{
    /// <summary>Reads section <c>Builds</c>; toolchain and caches default to <c>pilothouse/</c> in the user's cache folder.</summary>
    public static IServiceCollection AddBuilds(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddPlaces(configuration);
        services.AddSingleton(_ => PackageSources.Of(Environment.GetEnvironmentVariables(), Home()));
        services.AddSingleton(provider => new HostCommands(provider.GetRequiredService<PackageSources>(), Home(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RunCommand>(provider => provider.GetRequiredService<HostCommands>().RunAsync);

        // An agent server is one line here. RunCommand is the host's, for filling the toolchain; each build brings its own for the project.
        services.AddSingleton<NodeTools>();
        services.AddSingleton<ServerTools>();
        services.AddSingleton<IAgentServer, JavaScriptServer>();
        services.AddSingleton<PythonTools>();
        services.AddSingleton<PythonServerTools>();
        services.AddSingleton<IAgentServer, PythonServer>();

        services.AddSingleton(provider => new SandboxProbe(Settings(provider).Sandbox, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ProjectSandboxes>(provider, Home()));
        services.AddSingleton(provider => BuildPlaces.Of(Settings(provider), provider.GetRequiredService<IToolchains>(), provider.GetService<IBucket>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IArtifacts>(provider => new KnownArtifacts(provider.GetRequiredService<BuildPlaces>().Artifacts, provider.GetRequiredService<BuildPlaces>().Bucket));
        services.AddSingleton<IPackages, PackedPackages>();
        services.AddSingleton<IBuildEngine, LocalBuildEngine>();
        services.AddHostedService<LeftoverBuilds>();
        return services;
    }

    /// <summary>
    /// For a machine that builds nothing: <see cref="IArtifacts"/> that are fetched, with their tools. Needs an <see cref="IPackageSource"/>. The same section.
    /// </summary>
    public static IServiceCollection AddFetchedArtifacts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddPlaces(configuration);
        services.AddSingleton(provider => new ArtifactStore(
            Settings(provider).ArtifactsDirectory, new ArtifactIndex(Path.Combine(Settings(provider).BuildsDirectory, "index")), Settings(provider).ArtifactGrace,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IArtifacts, FetchedArtifacts>();
        return services;
    }

    private static void AddPlaces(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BuildsOptions>()
            .Configure(options =>
            {
                options.ToolchainDirectory = Path.Combine(DefaultCache(), "toolchains");
                options.CacheDirectory = Path.Combine(DefaultCache(), "caches");
            })
            .Bind(configuration.GetSection(BuildsOptions.Section))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<BuildsOptions>, BuildsOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IToolchains>(provider => new HostToolchains(
            Path.GetFullPath(Settings(provider).ToolchainDirectory), Path.GetFullPath(Settings(provider).CacheDirectory), provider.GetRequiredService<TimeProvider>()));
    }

    private static BuildsOptions Settings(IServiceProvider provider) => provider.GetRequiredService<IOptions<BuildsOptions>>().Value;

    private static string Home() => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string DefaultCache() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Home(), ".cache"), "pilothouse");
}
