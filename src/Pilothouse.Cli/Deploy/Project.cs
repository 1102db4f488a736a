using System.Text.Json;
using Pilothouse.Cli.Archives;
using Pilothouse.Cli.Connecting;

namespace Pilothouse.Cli.Deploy;

/// <summary>A folder with a langgraph.json, as it is about to be deployed.</summary>
/// <param name="Folder">Absolute; of langgraph.json.</param>
/// <param name="Root">Absolute; the nearest folder that holds all of <paramref name="Folders"/>.</param>
/// <param name="Folders">Absolute; what is packed: that of langgraph.json, its local dependencies, and the folder that the caller named.</param>
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
        List<string> folders = [home, .. LocalFolders.Of(config, home, Path.GetFileName(file))];
        var named = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (LocalFolders.Holds(named, home)) folders.Add(LocalFolders.Checked(named, "DIR is"));
        return new Project(home, file, config, LocalFolders.Common(folders), [.. folders.Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>Absolute; where the project's variables are: the file that langgraph.json names, else <c>.env</c>. Null when they are a map in it.</summary>
    public string? EnvFile => EnvMap is not null ? null : Path.GetFullPath(Path.Combine(Folder, Env is { ValueKind: JsonValueKind.String } named ? named.GetString()! : ".env"));

    /// <summary>The variables in langgraph.json itself; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? EnvMap => Env is { ValueKind: JsonValueKind.Object } map && map.EnumerateObject().Any()
        ? map.EnumerateObject().DistinctBy(one => one.Name, StringComparer.Ordinal).ToDictionary(one => one.Name, one => one.Value.ToString(), StringComparer.Ordinal)
        : null;

    private JsonElement? Env => Config.ValueKind == JsonValueKind.Object && Config.TryGetProperty("env", out var env) ? env : null;

    /// <summary>Without the files whose values go as secrets.</summary>
    /// <param name="envFile">Named by the caller, or null.</param>
    public IReadOnlyList<SourceFile> Files(string? envFile = null)
    {
        string?[] secret = [EnvFile, envFile is null ? null : Path.GetFullPath(envFile)];
        return [.. SourceFiles.Find(Root, Folders).Where(file => !secret.Contains(file.Path, StringComparer.Ordinal))];
    }

    /// <summary>As given, else PILOTHOUSE_NAME, else LANGSMITH_DEPLOYMENT_NAME, else the folder's own name made fit.</summary>
    public string Name(string? given, Surroundings around)
    {
        var chosen = given ?? around.Process("PILOTHOUSE_NAME") ?? around.ProcessFirst("LANGSMITH_DEPLOYMENT_NAME");
        if (chosen?.Length > MaxNameLength) throw new MisuseException($"The name '{chosen}' is too long: it may have {MaxNameLength} characters, since it becomes part of the agent's address.");
        return Fit(chosen ?? Path.GetFileName(Folder));
    }

    private static string Fit(string text)
    {
        var name = string.Join('-', new string([.. text.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)).TrimStart("0123456789-".ToCharArray());
        if (name.Length > MaxNameLength) name = name[..MaxNameLength].TrimEnd('-');
        return name.Length == 0 ? "app" : name;
    }
}
