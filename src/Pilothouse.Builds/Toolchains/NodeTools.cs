using System.Runtime.InteropServices;
using Pilothouse.Builds.AgentServers.JavaScript;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.Toolchains;

/// <param name="Program">Absolute path.</param>
/// <param name="LaunchProgram">The same for a launch spec: below <c>${toolchain}</c> where it is ours.</param>
internal sealed record NodeTool(string Program, string LaunchProgram, SemanticVersion Version);

/// <param name="Arguments">How the package manager is started; its own arguments follow.</param>
/// <param name="BinFolder">Absolute; holds it under its name, for scripts that call it. Null: it is on the PATH.</param>
internal sealed record PackageManagerTool(IReadOnlyList<string> Arguments, string? BinFolder);

/// <summary>Node and the package managers, all from npm, none with install scripts.</summary>
internal sealed class NodeTools(IToolchains toolchains, RunCommand run)
{
    private const string DefaultYarn = "1.22.22";
    private const string DefaultYarnBerry = "4.18.1";
    private const string DefaultPnpm = "10.34.9";
    private const string DefaultBun = "1.4.5";

    /// <summary>Of the host's Node and of the package managers that come when a project pins none.</summary>
    public static string Fingerprint()
    {
        var node = FindHostProgram("node");
        var file = node is null ? null : new FileInfo(File.ResolveLinkTarget(node, returnFinalTarget: true)?.FullName ?? node);
        return $"node:{node}:{file?.Length}:{file?.LastWriteTimeUtc.Ticks} yarn@{DefaultYarn} berry@{DefaultYarnBerry} pnpm@{DefaultPnpm} bun@{DefaultBun}";
    }

    /// <summary>The project's Node: the host's where its major version is the wanted one (or none is wanted), else npm's own binaries.</summary>
    /// <exception cref="BuildUnavailableException">The host has no Node or npm, or the registry did not give the version.</exception>
    public async Task<NodeTool> NodeAsync(int? major, IBuildLog log, CancellationToken cancellationToken)
    {
        var host = await HostNodeAsync(cancellationToken);
        if (ServerVersion.Node.Contains(host.Version) && (major is null || major == host.Version.Major)) return host;

        var wanted = major ?? NodeRequirement.Default;
        var version = NewestInstalled(wanted) ?? await NewestPublishedAsync(wanted, cancellationToken);
        var folder = await toolchains.EnsureAsync($"node/{version}", async (into, stop) =>
        {
            log.Write("INFO", $"Bringing Node {version} into the toolchain.");
            await InstallAsync(into, [$"{NodePackageName}@{version}"], stop);
            Directory.CreateDirectory(Path.Combine(into, "bin"));
            File.Move(Path.Combine(into, "node_modules", NodePackageName, "bin", "node"), Path.Combine(into, "bin", "node"));
        }, cancellationToken);
        return new NodeTool(Path.Combine(folder, "bin", "node"), $"{Placeholders.Toolchain}/node/{version}/bin/node", version);
    }

    public async Task<PackageManagerTool> PackageManagerAsync(PackageManager manager, NodeTool node, IBuildLog log, CancellationToken cancellationToken)
    {
        var (name, package, version, script) = manager.Kind switch
        {
            PackageManagerKind.YarnClassic => ("yarn", "yarn", manager.Version ?? DefaultYarn, "bin/yarn.js"),
            PackageManagerKind.YarnBerry => ("yarn", "@yarnpkg/cli-dist", manager.Version ?? DefaultYarnBerry, "bin/yarn.js"),
            PackageManagerKind.Pnpm => ("pnpm", "pnpm", manager.Version ?? DefaultPnpm, "bin/pnpm.cjs"),
            PackageManagerKind.Bun => ("bun", BunPackageName, manager.Version ?? DefaultBun, "bin/bun"),
            _ => ("npm", "npm", manager.Version ?? "", "bin/npm-cli.js"),
        };
        if (version.Length == 0) return new PackageManagerTool(HostNpm(node.Program), BinFolder: null);

        var folder = await toolchains.EnsureAsync($"{name}/{version}", async (into, stop) =>
        {
            log.Write("INFO", $"Bringing {name} {version} into the toolchain.");
            await InstallAsync(into, [$"{package}@{version}"], stop);
            // Named here because some of these packages name no program, and npm links none then.
            var link = Path.Combine(into, "node_modules", ".bin", name);
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            if (!File.Exists(link)) File.CreateSymbolicLink(link, Path.Combine("..", package, script));
        }, cancellationToken);

        var program = Path.Combine(folder, "node_modules", package, script);
        IReadOnlyList<string> arguments = manager.Kind == PackageManagerKind.Bun ? [program] : [node.Program, program];
        return new PackageManagerTool(arguments, Path.Combine(folder, "node_modules", ".bin"));
    }

    /// <summary>Installs packages into a folder of the toolchain; a package.json and lock file that are there decide when <paramref name="packages"/> is empty.</summary>
    public async Task InstallAsync(string into, IReadOnlyList<string> packages, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(into, "package.json")))
            await File.WriteAllTextAsync(Path.Combine(into, "package.json"), """{"private":true}""", cancellationToken);
        await NpmAsync(["install", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", .. packages], into, cancellationToken);
    }

    private static string BunPackageName => RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? $"@oven/bun-{Platform}-aarch64"
        // Runs on every processor; the other build asks for AVX2.
        : $"@oven/bun-{Platform}-x64-baseline";

    private static string NodePackageName =>
        $"node-{Platform}-{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64")}";

    private static string Platform => OperatingSystem.IsMacOS() ? "darwin" : "linux";

    private async Task<NodeTool> HostNodeAsync(CancellationToken cancellationToken)
    {
        var program = HostProgram("node");
        var lines = new List<string>();
        var code = await run(new ToolCommand([program, "--version"], toolchains.CacheDirectory, Environment()), lines.Add, cancellationToken);
        return code == 0 && SemanticVersion.TryParse(lines.FirstOrDefault(), out var version)
            ? new NodeTool(program, program, version)
            : throw new BuildUnavailableException($"{program} --version ended with code {code}; repair Node on this host.");
    }

    private SemanticVersion? NewestInstalled(int major)
    {
        var folder = Path.Combine(toolchains.Directory, "node");
        if (!Directory.Exists(folder)) return null;
        return Newest(Directory.GetDirectories(folder).Select(Path.GetFileName), major);
    }

    private async Task<SemanticVersion> NewestPublishedAsync(int major, CancellationToken cancellationToken)
    {
        var lines = await NpmAsync(["view", $"{NodePackageName}@{major}", "version", "--json"], toolchains.CacheDirectory, cancellationToken);
        return Newest(lines.Select(line => line.Trim(' ', ',', '"')), major)
            ?? throw new BuildUnavailableException($"The npm registry has no {NodePackageName}@{major}; ask for another node_version.");
    }

    private static SemanticVersion? Newest(IEnumerable<string?> texts, int major)
    {
        var versions = texts.Select(text => SemanticVersion.TryParse(text, out var version) ? version : default)
            .Where(version => version.Major == major && version.Prerelease.Length == 0)
            .ToArray();
        return versions.Length == 0 ? null : versions.Max();
    }

    private async Task<IReadOnlyList<string>> NpmAsync(IReadOnlyList<string> arguments, string folder, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var command = new ToolCommand([.. HostNpm(HostProgram("node")), .. arguments], folder, Environment());
        var code = await run(command, lines.Add, cancellationToken);
        return code == 0
            ? lines
            : throw new BuildUnavailableException($"npm {string.Join(' ', arguments)} ended with code {code}: {string.Join(" | ", lines.Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)).Take(5))}");
    }

    private Dictionary<string, string> Environment() => new(StringComparer.Ordinal)
    {
        ["npm_config_cache"] = Path.Combine(toolchains.CacheDirectory, "npm"),
        ["npm_config_update_notifier"] = "false",
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
    };

    /// <summary>npm's program is usually a link to a script; the script runs under any Node, the link only under the first on the PATH.</summary>
    private static IReadOnlyList<string> HostNpm(string node)
    {
        var program = HostProgram("npm");
        var target = File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
        return target.EndsWith(".js", StringComparison.Ordinal) ? [node, target] : [program];
    }

    private static string? FindHostProgram(string name) =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    private static string HostProgram(string name) =>
        FindHostProgram(name)
        ?? throw new BuildUnavailableException($"{name} is not on the PATH of this host; JavaScript projects need Node {ServerVersion.Node} with npm.");
}
