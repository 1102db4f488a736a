using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Installs a project's packages and runs its build command. Scripts of packages and of the project run here, so in the sandbox only.</summary>
internal sealed class ProjectInstall(IToolchains toolchains, NodeTools nodeTools, RunCommand run, IBuildLog log)
{
    /// <returns>What to fix; null when all went well.</returns>
    /// <exception cref="BuildUnavailableException">Packages could not be fetched.</exception>
    public async Task<string?> InstallAsync(AgentProject project, NodePackage? package, NodeTool node, CancellationToken cancellationToken)
    {
        var managers = Managers(project, package);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        var path = new List<string> { Path.GetDirectoryName(node.Program)! };
        IReadOnlyList<string> start = [];
        foreach (var manager in managers)
        {
            var tool = await nodeTools.PackageManagerAsync(manager, node, log, cancellationToken);
            if (tool.BinFolder is not null) path.Add(tool.BinFolder);
            if (start.Count == 0) start = tool.Arguments;
            foreach (var (name, value) in manager.Environment(toolchains.CacheDirectory)) environment[name] = value;
        }

        environment["PATH"] = string.Join(':', [.. path, Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin"]);

        if (project.InstallCommand is { } installCommand)
        {
            log.Write("INFO", $"$ {installCommand}");
            if (await InstallAsync(Shell(installCommand), project.SourceRoot, environment, cancellationToken) is var ended and not 0)
                return $"install_command '{installCommand}' ended with code {ended}; the lines above say why.";
        }
        else if (package is not null)
        {
            log.Write("INFO", $"$ {package.Manager.Name} {string.Join(' ', package.Manager.InstallArguments)}    # by {package.Manager.Why}");
            if (await InstallAsync([.. start, .. package.Manager.InstallArguments], package.InstallRoot, environment, cancellationToken) is var ended and not 0)
                return $"{package.Manager.Name} {package.Manager.InstallArguments[0]} ended with code {ended}; the lines above say why.";
        }

        if (project.BuildCommand is { } buildCommand)
        {
            log.Write("INFO", $"$ {buildCommand}");
            if (await RunAsync(Shell(buildCommand), project.Folder, environment, cancellationToken) is var ended and not 0)
                return $"build_command '{buildCommand}' ended with code {ended}; the lines above say why.";
        }

        return null;
    }

    /// <summary>The project's own first, then those that its commands call by name.</summary>
    private static List<PackageManager> Managers(AgentProject project, NodePackage? package)
    {
        var managers = new List<PackageManager>();
        if (package is not null) managers.Add(package.Manager);
        var words = $"{project.InstallCommand} {project.BuildCommand}".Split([' ', '&'], StringSplitOptions.RemoveEmptyEntries);
        foreach (var (name, kind) in ((string, PackageManagerKind)[])[("npm", PackageManagerKind.Npm), ("yarn", PackageManagerKind.YarnClassic), ("pnpm", PackageManagerKind.Pnpm), ("bun", PackageManagerKind.Bun)])
            if (words.Contains(name, StringComparer.Ordinal) && !managers.Exists(manager => string.Equals(manager.Name, name, StringComparison.Ordinal)))
                managers.Add(new PackageManager(kind, Version: null, LockFile: null, "a command of the revision"));
        return managers;
    }

    /// <exception cref="BuildUnavailableException">It failed because packages could not be fetched.</exception>
    private async Task<int> InstallAsync(IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        string? unreachable = null;
        var code = await run(new ToolCommand(arguments, folder, environment), line =>
        {
            log.Write("INFO", line);
            if (RegistryFailure.IsOne(line)) unreachable = line.Trim();
        }, cancellationToken);
        return code == 0 || unreachable is null
            ? code
            : throw new BuildUnavailableException($"The package registry does not answer ({unreachable}); the build is tried again.");
    }

    private Task<int> RunAsync(IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken) =>
        run(new ToolCommand(arguments, folder, environment), line => log.Write("INFO", line), cancellationToken);

    /// <summary>The one shell there is, inside the sandbox: the API lets no quotes, pipes, redirections or substitutions through.</summary>
    private static IReadOnlyList<string> Shell(string command) => ["/bin/sh", "-c", command];
}
