using System.Text.Json;
using Pilothouse.Cli.Archives;
using Pilothouse.Cli.Connecting;

namespace Pilothouse.Cli.Deploy;

/// <summary>A folder with a langgraph.json, as it is about to be deployed.</summary>
/// <param name="Folder">Absolute; of langgraph.json.</param>
/// <param name="Root">Absolute; the folder, or the nearest one above it that also holds its local dependencies.</param>
internal sealed record Project(string Folder, string ConfigFile, JsonElement Config, string Root, IReadOnlyList<string> Folders)
{
    private const int MaxNameLength = 30;

    /// <summary>Of langgraph.json below the root, with <c>/</c>.</summary>
    public string ConfigPath => Path.GetRelativePath(Root, ConfigFile).Replace(Path.DirectorySeparatorChar, '/');

    public static Project Read(string folder, string configName)
    {
        var file = Path.GetFullPath(Path.Combine(folder, configName));
        if (!File.Exists(file)) throw new MisuseException($"There is no {configName} in {Path.GetFullPath(folder)}: go to your project's folder, or name it.");
        JsonElement config;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            config = document.RootElement.Clone();
        }
        catch (JsonException broken)
        {
            throw new MisuseException($"{configName} is not JSON: {broken.Message}");
        }

        var home = Path.GetDirectoryName(file)!;
        var folders = new List<string> { home };
        if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty("dependencies", out var dependencies) && dependencies.ValueKind == JsonValueKind.Array)
            folders.AddRange(dependencies.EnumerateArray()
                .Where(one => one.ValueKind == JsonValueKind.String && one.GetString()!.StartsWith('.'))
                .Select(one => LocalDependency(home, one.GetString()!)));
        return new Project(home, file, config, Common(folders), [.. folders.Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>Absolute; where the project's variables are: the file that langgraph.json names, else <c>.env</c>. Null when they are a map in it.</summary>
    public string? EnvFile => Config.ValueKind == JsonValueKind.Object && Config.TryGetProperty("env", out var env) && env.ValueKind is JsonValueKind.Object or JsonValueKind.String
        ? env.ValueKind == JsonValueKind.Object ? null : Path.GetFullPath(Path.Combine(Folder, env.GetString()!))
        : Path.Combine(Folder, ".env");

    /// <summary>Without the files whose values go as secrets.</summary>
    /// <param name="envFile">Named by the caller, or null.</param>
    public IReadOnlyList<SourceFile> Files(string? envFile = null)
    {
        string?[] secret = [EnvFile, envFile is null ? null : Path.GetFullPath(envFile)];
        return [.. SourceFiles.Find(Root, Folders).Where(file => !secret.Contains(file.Path, StringComparer.Ordinal))];
    }

    /// <summary>As given, else PILOTHOUSE_NAME, else the folder's own name made fit.</summary>
    public string Name(string? given)
    {
        var chosen = given ?? Connection.Variable("PILOTHOUSE_NAME");
        if (chosen?.Length > MaxNameLength) throw new MisuseException($"The name '{chosen}' is too long: it may have {MaxNameLength} characters, since it becomes part of the agent's address.");
        return Fit(chosen ?? Path.GetFileName(Folder));
    }

    /// <summary>A folder of the project, beside it or above it, but never all that its user has.</summary>
    private static string LocalDependency(string home, string text)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(home, text)));
        if (!Directory.Exists(folder) && !File.Exists(folder)) throw new MisuseException($"langgraph.json: dependencies names {text}, which does not exist.");
        if (File.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (Path.GetDirectoryName(folder) is null || string.Equals(folder, user, StringComparison.Ordinal) || user.StartsWith($"{folder}/", StringComparison.Ordinal))
            throw new MisuseException($"langgraph.json: dependencies names {text}, which is {folder}: more than a project. Name a folder of its own.");
        return folder;
    }

    private static string Fit(string text)
    {
        var name = string.Join('-', new string([.. text.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)).TrimStart("0123456789-".ToCharArray());
        if (name.Length > MaxNameLength) name = name[..MaxNameLength].TrimEnd('-');
        return name.Length == 0 ? "app" : name;
    }

    private static string Common(List<string> folders)
    {
        var common = folders[0];
        while (!folders.TrueForAll(folder => string.Equals(folder, common, StringComparison.Ordinal) || folder.StartsWith(common.TrimEnd('/') + "/", StringComparison.Ordinal))) common = Path.GetDirectoryName(common)!;
        return common;
    }
}
