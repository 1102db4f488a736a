using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process;

/// <summary>The process runtime: <see cref="IRuntime"/> by child processes.</summary>
public static class ProcessRuntimeFeature
{
    /// <summary>
    /// Registers <see cref="IRuntime"/>; every registered <see cref="IReplicaObserver"/> hears of its replicas. Reads section
    /// <c>ProcessRuntime</c>; the data directory defaults to the key <c>Data</c>, the toolchain directory to <c>Builds:ToolchainDirectory</c>.
    /// </summary>
    public static IServiceCollection AddProcessRuntime(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ProcessRuntimeOptions>()
            .Configure(options =>
            {
                options.DataDirectory = configuration["Data"] ?? options.DataDirectory;
                options.ToolchainDirectory = configuration["Builds:ToolchainDirectory"] ?? DefaultToolchainDirectory();
            })
            .Bind(configuration.GetSection(ProcessRuntimeOptions.Section))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ProcessRuntimeOptions>, ProcessRuntimeOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<RuntimeMetrics>();
        services.AddSingleton<IRuntime, ProcessRuntime>();
        return services;
    }

    private static string DefaultToolchainDirectory()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "pilothouse", "toolchains");
    }
}
