namespace Pilothouse.Builds.AgentServers.JavaScript;

internal enum PackageManagerKind
{
    Npm,
    YarnClassic,
    YarnBerry,
    Pnpm,
    Bun,
}

/// <summary>Which program installs a project's packages, and how (behaviour reference 6.4).</summary>
/// <param name="Version">Exactly as the project pins it; null: ours.</param>
/// <param name="LockFile">File name in the install root; null when there is none.</param>
/// <param name="Why">For the build log, e.g. <c>pnpm-lock.yaml</c>.</param>
internal sealed record PackageManager(PackageManagerKind Kind, string? Version, string? LockFile, string Why)
{
    public string Name => Kind switch
    {
        PackageManagerKind.YarnClassic or PackageManagerKind.YarnBerry => "yarn",
        PackageManagerKind.Pnpm => "pnpm",
        PackageManagerKind.Bun => "bun",
        _ => "npm",
    };

    /// <summary>What follows the program's name: install exactly what is locked, where something is.</summary>
    public IReadOnlyList<string> InstallArguments => (Kind, LockFile) switch
    {
        (PackageManagerKind.Npm, not null) => ["ci", .. s_quietNpm],
        (PackageManagerKind.Npm, null) => ["install", "--no-package-lock", .. s_quietNpm],
        (PackageManagerKind.YarnClassic, not null) => ["install", "--frozen-lockfile", "--non-interactive"],
        (PackageManagerKind.YarnClassic, null) => ["install", "--no-lockfile", "--non-interactive"],
        (PackageManagerKind.YarnBerry, not null) => ["install", "--immutable"],
        (PackageManagerKind.YarnBerry, null) => ["install", "--no-immutable"],
        (PackageManagerKind.Pnpm, not null) => ["install", "--frozen-lockfile"],
        (PackageManagerKind.Pnpm, null) => ["install", "--no-frozen-lockfile"],
        (PackageManagerKind.Bun, _) => ["install", "--backend=copyfile", "--no-progress"],
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <param name="cache">Shared by all builds of the host.</param>
    public IReadOnlyDictionary<string, string> Environment(string cache) => Kind switch
    {
        PackageManagerKind.Npm => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["npm_config_cache"] = Path.Combine(cache, "npm"),
            ["npm_config_update_notifier"] = "false",
        },
        PackageManagerKind.YarnClassic => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["YARN_CACHE_FOLDER"] = Path.Combine(cache, "yarn"),
            // The toolchain's yarn, not one that the project brings.
            ["YARN_IGNORE_PATH"] = "1",
        },
        PackageManagerKind.YarnBerry => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["YARN_GLOBAL_FOLDER"] = Path.Combine(cache, "yarn-berry"),
            ["YARN_ENABLE_GLOBAL_CACHE"] = "true",
            ["YARN_ENABLE_TELEMETRY"] = "0",
            ["YARN_IGNORE_PATH"] = "1",
            // The agent server finds the project's LangGraph on disk, not in a loader of its own.
            ["YARN_NODE_LINKER"] = "node-modules",
        },
        PackageManagerKind.Pnpm => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["npm_config_store_dir"] = Path.Combine(cache, "pnpm"),
            // Hard links into the shared store would let one project change another's packages.
            ["npm_config_package_import_method"] = "clone-or-copy",
            ["npm_config_manage_package_manager_versions"] = "false",
            ["npm_config_update_notifier"] = "false",
            // Else it asks before it removes a node_modules that somebody uploaded.
            ["CI"] = "true",
        },
        _ => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BUN_INSTALL_CACHE_DIR"] = Path.Combine(cache, "bun"),
            ["DO_NOT_TRACK"] = "1",
        },
    };

    private static readonly string[] s_quietNpm = ["--no-audit", "--no-fund", "--prefer-offline", "--no-progress"];
}
