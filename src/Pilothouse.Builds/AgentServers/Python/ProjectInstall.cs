using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.AgentServers.Python;

/// <param name="Server">Lines <c>name==version</c>: the server's packages in the versions that server and project agree on.</param>
/// <param name="Own">Lines for uv: what the project has besides.</param>
/// <param name="Refused">What to fix; null when all went well.</param>
internal sealed record Resolution(IReadOnlyList<string> Server, IReadOnlyList<string> Own, string? Refused);

/// <summary>
/// Resolves and installs a project's packages into <c>packages/</c> beside its source. Build scripts of packages and of the project run here, so in
/// the sandbox only.
/// </summary>
internal sealed class ProjectInstall(PythonProject project, PythonTool python, UvTool uv, RunCommand run, IBuildLog log)
{
    private readonly string _artifact = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(project.Agent.SourceRoot))!;
    private readonly List<string> _lines = [];

    private string Scratch => Path.Combine(_artifact, ".resolve");

    private string Packages => Path.Combine(_artifact, "packages");

    /// <exception cref="BuildUnavailableException">A package source did not answer.</exception>
    public async Task<Resolution> ResolveAsync(PinnedPackages server, CancellationToken cancellationToken)
    {
        var serverLines = server.Lines(_ => true).ToArray();
        Directory.CreateDirectory(Scratch);
        try
        {
            var wishes = await WishesAsync(cancellationToken);
            if (wishes is null) return Refuse("uv export ended with an error; the lines above say why.");
            if (wishes.Count == 0) return new Resolution(serverLines, [], null);

            // What the project leaves open is as the server has it: uv keeps to the versions that the output already holds.
            var (input, output) = (Path.Combine(Scratch, "requirements.in"), Path.Combine(Scratch, "requirements.txt"));
            await File.WriteAllLinesAsync(output, serverLines, cancellationToken);
            await File.WriteAllLinesAsync(input, [.. wishes, .. server.Lines(name => name is ServerVersion.Package or ServerVersion.Runtime)], cancellationToken);
            IReadOnlyList<string> arguments = ["pip", "compile", input, "-o", output, "--quiet", "--no-header", "--no-annotate", "--python", python.Program];
            if (await RunAsync(arguments, project.Agent.Folder, cancellationToken) is not 0)
                return Refuse(UvFailure.Conflict(_lines) is { } conflict
                    ? $"The project's packages and those of the agent server {ServerVersion.Package} {server.Versions[ServerVersion.Package]} do not go together: {conflict}"
                    : "The project's packages cannot be resolved; the lines above say why.");

            var resolved = PinnedPackages.Parse(await File.ReadAllLinesAsync(output, cancellationToken));
            var folders = resolved.Folders.Select(folder => Path.GetFullPath(Path.Combine(project.Agent.Folder, folder))).Distinct(StringComparer.Ordinal).ToArray();
            if (folders.FirstOrDefault(folder => !project.Contains(folder)) is { } outside) return Refuse($"A package of the project lies at {outside}, which is outside the uploaded source.");
            return new Resolution(
                [.. resolved.Lines(server.Versions.ContainsKey)],
                [.. resolved.Lines(name => !server.Versions.ContainsKey(name)), .. resolved.Addresses, .. folders.Select(folder => $"-e {FileAddress(folder)}")],
                null);
        }
        finally
        {
            Directory.Delete(Scratch, recursive: true);
        }
    }

    /// <returns>What to fix; null when all went well.</returns>
    /// <exception cref="BuildUnavailableException">A package source did not answer.</exception>
    public async Task<string?> InstallAsync(Resolution resolution, CancellationToken cancellationToken)
    {
        if (resolution.Own.Count > 0)
        {
            log.Write("INFO", $"$ uv pip install {string.Join(' ', resolution.Own.Select(Shown))}");
            var ended = await InstallAsync(resolution.Own, cancellationToken);
            if (ended is not 0 && resolution.Own.Any(line => line.StartsWith("-e ", StringComparison.Ordinal)) && UvFailure.IsEditableAlone(_lines))
            {
                log.Write("WARNING", "A local package cannot be installed in place here; its modules are copied instead, without files that its manifest does not name.");
                ended = await InstallAsync([.. resolution.Own.Select(line => line.StartsWith("-e ", StringComparison.Ordinal) ? line[3..] : line)], cancellationToken);
            }

            if (ended is not 0) return $"uv pip install ended with code {ended}; the lines above say why.";
            MovablePackages.Settle(Packages, _artifact);
        }

        await CompileAsync(cancellationToken);
        return null;
    }

    private async Task<int> InstallAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Packages)) Directory.Delete(Packages, recursive: true);
        var list = Path.Combine(_artifact, ".packages.txt");
        await File.WriteAllLinesAsync(list, lines, cancellationToken);
        try
        {
            // Copies: files that share their content with the cache could be changed for everybody.
            return await RunAsync(
                ["pip", "install", "--target", Packages, "--python", python.Program, "--no-deps", "--link-mode", "copy", "-r", list], project.Agent.Folder, cancellationToken);
        }
        finally
        {
            File.Delete(list);
        }
    }

    /// <summary>Lines of a requirements file; null when uv failed.</summary>
    private async Task<IReadOnlyList<string>?> WishesAsync(CancellationToken cancellationToken)
    {
        if (project.Uv is { } locked)
        {
            var exported = Path.Combine(Scratch, "locked.txt");
            IReadOnlyList<string> member = locked.Package is null ? [] : ["--package", locked.Package];
            IReadOnlyList<string> arguments = ["export", "--quiet", "--frozen", "--no-dev", "--no-hashes", "--no-header", "--no-annotate", "--python", python.Program, "-o", exported, .. member];
            if (await RunAsync(arguments, locked.Root, cancellationToken) is not 0) return null;
            var pinned = PinnedPackages.Parse(await File.ReadAllLinesAsync(exported, cancellationToken));
            return [.. pinned.Lines(_ => true), .. pinned.Addresses, .. pinned.Folders.Select(folder => FileAddress(Path.GetFullPath(Path.Combine(locked.Root, folder))))];
        }

        return
        [
            .. project.Packages,
            .. project.Folders.Where(folder => folder.Kind is LocalKind.Package).Select(folder => FileAddress(folder.Path)),
            .. project.Folders.Select(folder => folder.RequirementsFile).OfType<string>().Select(file => $"-r {file}"),
        ];
    }

    /// <summary>
    /// Of an artifact whose files never change: so by hash and unchecked, without the path at which it is built, and in one process with a fixed
    /// order of sets, so that the bytes are the same every time. What does not compile is a template or the like, and none of our business.
    /// </summary>
    private Task<int> CompileAsync(CancellationToken cancellationToken)
    {
        string[] folders = Directory.Exists(Packages) ? [Path.GetFileName(Path.TrimEndingDirectorySeparator(project.Agent.SourceRoot)), Path.GetFileName(Packages)] : [Path.GetFileName(Path.TrimEndingDirectorySeparator(project.Agent.SourceRoot))];
        IReadOnlyList<string> arguments =
            [python.Program, "-s", "-P", "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash", "-x", "/(node_modules|[.][^/]*)/", .. folders];
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin", ["PYTHONHASHSEED"] = "0" };
        return run(new ToolCommand(arguments, _artifact, environment), _ => { }, cancellationToken);
    }

    private async Task<int> RunAsync(IReadOnlyList<string> arguments, string folder, CancellationToken cancellationToken)
    {
        _lines.Clear();
        var code = await run(uv.Command(arguments, folder), line =>
        {
            lock (_lines) _lines.Add(line);
            log.Write("INFO", line);
        }, cancellationToken);
        if (code is not 0 && UvFailure.Unreachable(_lines) is { } reason)
            throw new BuildUnavailableException($"A source of Python packages did not answer: {reason}");
        return code;
    }

    private string Shown(string line) => line.Replace(FileAddress(_artifact) + "/src", ".", StringComparison.Ordinal);

    private static string FileAddress(string folder) => new UriBuilder(Uri.UriSchemeFile, "") { Path = folder }.Uri.AbsoluteUri;

    private static Resolution Refuse(string message) => new([], [], message);
}
