using System.Collections;
using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Builds.Sandbox;

/// <summary>
/// Where packages come from is the operator's: the standard variables of npm, yarn, pip and uv, proxies and certificates, and the files of these
/// programs in the operator's home. All builds get them, and nothing else of the control plane's environment.
/// </summary>
/// <param name="Variables">For every program of a build.</param>
/// <param name="Paths">Absolute; files and folders that they name, to be read in the sandbox.</param>
/// <param name="HomeFiles">From the operator's home to the same place in the build's.</param>
/// <param name="Fingerprint">Changes when packages come from somewhere else; tokens and certificates are not in it.</param>
internal sealed record PackageSources(
    IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Paths, IReadOnlyList<(string From, string To)> HomeFiles, string Fingerprint)
{
    private const int LongestHomeFile = 256 * 1024;

    private static readonly string[] s_prefixes = ["npm_config_", "pip_", "uv_", "yarn_", "pnpm_config_", "bun_config_"];

    /// <summary>Where the operator's own programs put things, and what npm tells its children of itself.</summary>
    private static readonly HashSet<string> s_private = new(StringComparer.OrdinalIgnoreCase)
    {
        "npm_config_cache", "npm_config_prefix", "npm_config_local_prefix", "npm_config_global_prefix", "npm_config_global", "npm_config_tmp",
        "npm_config_node_gyp", "npm_config_user_agent", "npm_config_init_module", "npm_config_logs_dir", "npm_config_ignore_scripts", "npm_config_store_dir",
        "pip_cache_dir", "pip_target", "pip_prefix", "pip_root", "pip_user", "pip_log", "pip_require_virtualenv", "pip_python", "pip_requirement", "pip_editable",
        "uv_cache_dir", "uv_project", "uv_project_environment", "uv_python", "uv_python_install_dir", "uv_python_bin_dir", "uv_tool_dir", "uv_tool_bin_dir",
        "uv_working_directory", "uv_env_file", "uv_target", "uv_install_dir",
        "yarn_cache_folder", "yarn_global_folder", "yarn_ignore_path", "yarn_rc_filename", "yarn_plugins",
    };

    /// <summary>Packages are the same whatever way they came.</summary>
    private static readonly HashSet<string> s_ways = new(StringComparer.OrdinalIgnoreCase)
    {
        "http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "PIP_CERT",
    };

    private static readonly string[] s_homeFiles = [".npmrc", ".yarnrc", ".yarnrc.yml", ".bunfig.toml", ".config/pnpm/rc", ".config/pip/pip.conf", ".pip/pip.conf", ".config/uv/uv.toml"];

    private static readonly string[] s_secretMarks = ["_auth", "password", "token", "secret"];

    public static PackageSources Of(IDictionary environment, string home)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry pair in environment)
            if (pair is { Key: string name, Value: string value } && IsOurs(name)) variables[name] = value;

        var files = new List<(string From, string To)>();
        foreach (var file in s_homeFiles)
            if (home.Length > 0 && IsSmallFile(Path.Combine(home, file))) files.Add((Path.Combine(home, file), file));
        // yarn and bun look for this one in the home only.
        if (Setting(variables, "npm_config_userconfig") is { } named && IsSmallFile(named))
        {
            files.RemoveAll(file => file.To is ".npmrc");
            files.Add((named, ".npmrc"));
        }

        if (Registry(variables, files) is { } registry) variables.TryAdd("YARN_NPM_REGISTRY_SERVER", registry);
        return new PackageSources(variables, [.. variables.Values.SelectMany(PathsIn).Distinct(StringComparer.Ordinal)], files, Hash(variables, files));
    }

    /// <summary>Of the operator's variables those that <paramref name="own"/> does not set, under any spelling.</summary>
    public IEnumerable<KeyValuePair<string, string>> Except(IReadOnlyDictionary<string, string> own)
    {
        var names = own.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return Variables.Where(variable => !names.Contains(variable.Key));
    }

    public void CopyHomeFiles(string buildHome)
    {
        foreach (var (from, to) in HomeFiles)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(buildHome, to))!);
            File.Copy(from, Path.Combine(buildHome, to), overwrite: true);
        }
    }

    private static bool IsOurs(string name) =>
        s_ways.Contains(name) || !s_private.Contains(name) && s_prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Yarn's later versions read neither npm's variables nor its files.</summary>
    private static string? Registry(IReadOnlyDictionary<string, string> variables, List<(string From, string To)> files) =>
        Setting(variables, "npm_config_registry")
        ?? files.Where(file => file.To is ".npmrc").SelectMany(file => File.ReadLines(file.From)).Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2 && parts[0].Trim() is "registry").Select(parts => parts[1].Trim().Trim('"')).LastOrDefault();

    private static string? Setting(IReadOnlyDictionary<string, string> variables, string name) =>
        variables.FirstOrDefault(variable => string.Equals(variable.Key, name, StringComparison.OrdinalIgnoreCase)).Value is { Length: > 0 } value ? value : null;

    private static bool IsSmallFile(string path) => File.Exists(path) && new FileInfo(path).Length <= LongestHomeFile;

    private static IEnumerable<string> PathsIn(string value) => value.Split([' ', ',', '\n', ';'], StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.StartsWith("file://", StringComparison.OrdinalIgnoreCase) ? part["file://".Length..] : part)
        // A lone slash would be everything.
        .Where(part => part.Length > 1 && part[0] == '/' && Path.Exists(part));

    private static string Hash(Dictionary<string, string> variables, List<(string From, string To)> files)
    {
        var lines = variables.Where(variable => !s_ways.Contains(variable.Key)).Select(variable => $"{variable.Key}={variable.Value}")
            .Concat(files.SelectMany(file => File.ReadLines(file.From).Select(line => $"{file.To}:{line}")))
            .Where(line => !s_secretMarks.Any(mark => line.Contains(mark, StringComparison.OrdinalIgnoreCase)))
            .Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..16];
    }
}
