using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>Where things are in this checkout.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Python packages beside the checkout; null where there are none, and an index is reached instead.</summary>
    public static string? Wheels { get; } = Path.GetFullPath(Path.Combine(Root, "..", "shared", "wheels")) is var folder && Directory.Exists(folder) ? folder : null;

    /// <summary>What an operator sets so that pip and uv find their packages.</summary>
    public static IReadOnlyDictionary<string, string> PackageSources { get; } = Wheels is null
        ? new Dictionary<string, string>(StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PIP_NO_INDEX"] = "1",
            ["PIP_FIND_LINKS"] = Wheels,
            ["UV_NO_INDEX"] = "1",
            ["UV_FIND_LINKS"] = Wheels,
        };

    public static string Sample(string name) => Path.Combine(Root, "samples", name);

    /// <summary>A file that the build of this configuration made.</summary>
    public static string Built(string project, string file)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(Root, "artifacts", "bin", project, configuration, file);
    }

    /// <summary>Kept between runs: environments that take long to install.</summary>
    public static string Cache(string name)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "pilothouse", "tests", name);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Pilothouse.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
