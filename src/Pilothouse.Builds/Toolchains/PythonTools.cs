using System.Text.Json;
using System.Text.RegularExpressions;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Toolchains;

/// <param name="Program">Absolute path of the interpreter itself, not of a link or shim to it.</param>
/// <param name="Version">E.g. <c>3.11.7</c>.</param>
internal sealed record PythonTool(string Program, string Version);

/// <param name="Tool">Null when the version cannot be had.</param>
/// <param name="There">Versions that this host has, e.g. <c>3.11</c>, when the wanted one cannot be had.</param>
internal sealed record PythonSearch(PythonTool? Tool, IReadOnlyList<string> There);

/// <summary>Python interpreters, and uv, which installs packages for them: the host's where there are any, else brought into the toolchain.</summary>
internal sealed partial class PythonTools(IToolchains toolchains, RunCommand run)
{
    private const string UvVersion = "0.13.9";

    // The first one looked for and the one beyond the last; versions that do not exist yet cost nothing.
    private const int OldestMinor = 11;
    private const int BeyondMinor = 20;

    /// <summary>Tells of an interpreter what it is, and of its environment which package sources it was given.</summary>
    private const string Question =
        "import json,os,sys;print(json.dumps({'program':os.path.realpath(getattr(sys,'_base_executable',None) or sys.executable),'version':'.'.join(map(str,sys.version_info[:3])),'sources':{k:v for k,v in os.environ.items() if k.startswith(('PIP_','UV_'))}}))";

    /// <summary>Of the host's Pythons by name and uv: which interpreter a version means depends on them.</summary>
    public static string Fingerprint() => $"uv@{UvVersion} {string.Join(' ', Programs([.. Enumerable.Range(OldestMinor, BeyondMinor - OldestMinor).Select(minor => $"python3.{minor}")])
        .Select(program => new FileInfo(File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program))
        .Select(file => $"{file.FullName}:{file.Length}:{file.LastWriteTimeUtc.Ticks}"))}";

    /// <exception cref="BuildUnavailableException">uv, which looks further than this host, cannot be had.</exception>
    public async Task<PythonSearch> PythonAsync(int minor, IBuildLog log, CancellationToken cancellationToken)
    {
        if (await FindAsync(minor, cancellationToken) is { } found) return new PythonSearch(found, []);

        try
        {
            var uv = await UvAsync(log, cancellationToken);
            var folder = await toolchains.EnsureAsync($"python/3.{minor}", async (into, stop) =>
            {
                log.Write("INFO", $"Bringing Python 3.{minor} into the toolchain.");
                var command = uv.Command(["python", "install", $"3.{minor}", "--install-dir", into], into, ("UV_PYTHON_DOWNLOADS", "automatic"));
                await RunAsync(command, $"uv python install 3.{minor}", stop);
            }, cancellationToken);
            if (ProgramsBelow(folder, minor).FirstOrDefault() is { } program && await AskAsync(program, cancellationToken) is { } managed)
                return new PythonSearch(managed.Tool, []);
        }
        catch (BuildUnavailableException unavailable)
        {
            log.Write("WARNING", unavailable.Message);
        }

        var there = new List<string>();
        for (var other = OldestMinor; other < BeyondMinor; other++)
            if (await FindAsync(other, cancellationToken) is not null)
                there.Add($"3.{other}");
        return new PythonSearch(null, there);
    }

    /// <summary>With a cache for what is installed into the toolchain: projects, whose build scripts may write into theirs, have another.</summary>
    /// <exception cref="BuildUnavailableException">It is not on this host, and pip cannot bring it.</exception>
    public async Task<UvTool> UvAsync(IBuildLog log, CancellationToken cancellationToken)
    {
        var sources = UvSources.None;
        foreach (var program in Programs(["python3", .. Enumerable.Range(OldestMinor, BeyondMinor - OldestMinor).Select(minor => $"python3.{minor}")]))
        {
            if (await AskAsync(program, cancellationToken) is not { } answer) continue;
            sources = answer.Sources;
            break;
        }

        // Into the toolchain in any case: a sandbox sees that, and not every folder of the PATH.
        var onPath = Programs(["uv"]).FirstOrDefault();
        var version = onPath is null ? null : await VersionAsync(onPath, cancellationToken);
        var folder = version is null
            ? await toolchains.EnsureAsync($"uv/{UvVersion}", (into, stop) => BringUvAsync(into, log, stop), cancellationToken)
            : await toolchains.EnsureAsync($"uv/{version}", (into, stop) =>
            {
                Directory.CreateDirectory(Path.Combine(into, "bin"));
                File.Copy(onPath!, Path.Combine(into, "bin", "uv"));
                return Task.CompletedTask;
            }, cancellationToken);
        return new UvTool(Path.Combine(folder, "bin", "uv"), Path.Combine(toolchains.Directory, "uv-cache"), sources);
    }

    public UvTool ForProjects(UvTool uv, UvSources sources) => uv with { Cache = Path.Combine(toolchains.CacheDirectory, "uv"), Sources = sources };

    /// <summary>Runs a command on the host, outside any sandbox: never anything of a project.</summary>
    /// <exception cref="BuildUnavailableException">It did not end with 0.</exception>
    public async Task RunAsync(ToolCommand command, string name, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        if (await run(command, lines.Add, cancellationToken) is var code and not 0)
            throw new BuildUnavailableException($"{name} ended with code {code}: {string.Join(" | ", lines.TakeLast(8))}");
    }

    private async Task<PythonTool?> FindAsync(int minor, CancellationToken cancellationToken)
    {
        var managed = Path.Combine(toolchains.Directory, "python", $"3.{minor}");
        foreach (var program in Programs([$"python3.{minor}", "python3"]).Concat(ProgramsBelow(managed, minor)).Concat(OfVersionManagers(minor)))
            if (await AskAsync(program, cancellationToken) is { } answer && answer.Tool.Version.StartsWith($"3.{minor}.", StringComparison.Ordinal))
                return answer.Tool;
        return null;
    }

    /// <summary>Null when it does not run: shims of version managers stand for versions that are not there.</summary>
    private async Task<(PythonTool Tool, UvSources Sources)?> AskAsync(string program, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var code = await run(new ToolCommand([program, "-c", Question], toolchains.CacheDirectory, Environment()), lines.Add, cancellationToken);
        if (code != 0 || lines.Find(line => line.StartsWith('{')) is not { } json) return null;
        using var answer = JsonDocument.Parse(json);
        var sources = answer.RootElement.GetProperty("sources").EnumerateObject().ToDictionary(source => source.Name, source => source.Value.GetString()!, StringComparer.Ordinal);
        return (new PythonTool(answer.RootElement.GetProperty("program").GetString()!, answer.RootElement.GetProperty("version").GetString()!), UvSources.Of(sources));
    }

    private async Task BringUvAsync(string into, IBuildLog log, CancellationToken cancellationToken)
    {
        foreach (var python in Programs(["python3", .. Enumerable.Range(OldestMinor, BeyondMinor - OldestMinor).Select(minor => $"python3.{minor}")]))
        {
            if (await run(new ToolCommand([python, "-m", "pip", "--version"], into, Environment()), _ => { }, cancellationToken) != 0) continue;
            log.Write("INFO", $"Bringing uv {UvVersion} into the toolchain.");
            IReadOnlyList<string> arguments = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", into, $"uv=={UvVersion}"];
            await RunAsync(new ToolCommand(arguments, into, Environment()), $"pip install uv=={UvVersion}", cancellationToken);
            return;
        }

        throw new BuildUnavailableException("uv is not on the PATH of this host and no Python there has pip to bring it; install uv, or Python with pip.");
    }

    /// <summary>Null for what is no uv, or one that is too old.</summary>
    private async Task<string?> VersionAsync(string uv, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        if (await run(new ToolCommand([uv, "--version"], toolchains.CacheDirectory, Environment()), lines.Add, cancellationToken) != 0) return null;
        // 0.5 has all that is asked of it here.
        return UvVersionLine().Match(lines.FirstOrDefault() ?? "") is { Success: true } match && (match.Groups[2].Value is not "0" || int.Parse(match.Groups[3].Value) >= 5)
            ? match.Groups[1].Value
            : null;
    }

    private static Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1", ["PIP_ROOT_USER_ACTION"] = "ignore" };
        foreach (var name in (string[])["PATH", "HOME"])
            if (System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                environment[name] = value;
        return environment;
    }

    /// <summary>The system's own first: what lies in a home folder is not seen from a sandbox.</summary>
    private static IEnumerable<string> Programs(IReadOnlyList<string> names) =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .OrderBy(folder => !folder.StartsWith("/usr/", StringComparison.Ordinal))
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name)))
            .Where(File.Exists);

    private static IEnumerable<string> OfVersionManagers(int minor)
    {
        var home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        return ((string[])[Path.Combine(System.Environment.GetEnvironmentVariable("PYENV_ROOT") ?? Path.Combine(home, ".pyenv"), "versions"), Path.Combine(home, ".local", "share", "uv", "python")])
            .SelectMany(folder => ProgramsBelow(folder, minor));
    }

    private static IEnumerable<string> ProgramsBelow(string folder, int minor) =>
        Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin", $"python3.{minor}")).Where(File.Exists)
            : [];

    [GeneratedRegex(@"^uv ((\d+)\.(\d{1,6})\.\d+)\b")]
    private static partial Regex UvVersionLine();
}
