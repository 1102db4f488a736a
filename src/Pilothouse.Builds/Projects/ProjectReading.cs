using System.Text.Json;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.Sources;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Projects;

/// <summary>What a source says of itself.</summary>
/// <param name="Project">Null when the configuration could not be read at all.</param>
/// <param name="Kind">Which agent server; null when the graphs do not tell.</param>
/// <param name="Faults">A sentence each that says what to fix.</param>
/// <param name="Warnings">What is ignored.</param>
internal sealed record ProjectReading(AgentProject? Project, AgentServerKind? Kind, IReadOnlyList<string> Faults, IReadOnlyList<string> Warnings)
{
    private const int LongestPathBytes = 1024;
    private const int DeepestPath = 64;

    /// <param name="sourceRoot">Absolute; holds plain files and folders only.</param>
    public static ProjectReading Of(string sourceRoot, BuildRequest request)
    {
        string?[] commands = [CommandRules.Fault("install_command", request.InstallCommand), CommandRules.Fault("build_command", request.BuildCommand)];
        var faults = commands.OfType<string>().ToArray();
        if (ConfigBytes(sourceRoot, request.ConfigPath, out var path, out var missing) is not { } bytes) return Unread([missing, .. faults]);
        var config = ConfigText.Read(bytes, path, out var broken);
        if (broken is not null) return Unread([broken, .. faults]);

        var project = new AgentProject(sourceRoot, path, config, Command(request.InstallCommand), Command(request.BuildCommand));
        var check = new ConfigCheck(project.ConfigFile, sourceRoot, project.Folder);
        ConfigRules.Apply(check, project.ConfigFile, config);
        var kind = GraphLanguage.Find(check, config);
        foreach (var key in ConfigKeys.OfImages)
            if (IsSet(config, key)) check.Warn(key, "is about a container image; this build makes none, so it is ignored.");
        if (kind is { } known)
            foreach (var key in ConfigKeys.UnusedBy(known))
                if (IsSet(config, key)) check.Warn(key, $"is not used by the {known} agent server in memory; it is ignored.");
        return new ProjectReading(project, kind, [.. check.Faults, .. faults], check.Warnings);
    }

    /// <summary>The file that holds values for local runs under a name of its own; null when there is none inside the source.</summary>
    public string? EnvFile =>
        Project is not null && Project.Config.TryGetProperty("env", out var env) && env is { ValueKind: JsonValueKind.String } && env.GetString() is { Length: > 0 } name
        && new ConfigCheck(Project.ConfigFile, Project.SourceRoot, Project.Folder).Inside(name, "env") is { } path && File.Exists(path)
            ? path
            : null;

    private static byte[]? ConfigBytes(string sourceRoot, string configPath, out string path, out string fault)
    {
        var shown = SourcePath.Shown(configPath);
        path = SourcePath.Normalize(configPath, LongestPathBytes, DeepestPath, out var wrong) ?? "";
        fault = wrong.Length > 0
            ? $"The configuration path '{shown}' {wrong}; give it as a path below the root of the source, like app/langgraph.json."
            : $"The source has no {shown}; deploy from the folder that holds it, or give its path in langgraph_config_path.";
        if (path.Length == 0 || !File.Exists(Path.Combine(sourceRoot, path))) return null;

        using var file = File.OpenRead(Path.Combine(sourceRoot, path));
        fault = $"{shown}: the file is larger than {ConfigText.LongestBytes} bytes; a configuration is a few lines.";
        if (file.Length > ConfigText.LongestBytes) return null;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static ProjectReading Unread(IReadOnlyList<string> faults) => new(Project: null, Kind: null, faults, Warnings: []);

    private static string? Command(string? command) => string.IsNullOrWhiteSpace(command) ? null : command.Trim(' ');

    private static bool IsSet(JsonElement config, string key) => config.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;
}
