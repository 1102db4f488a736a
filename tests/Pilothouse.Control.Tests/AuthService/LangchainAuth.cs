using System.Diagnostics;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

/// <summary>The official library for agent authentication (<c>langchain-auth</c>), unmodified, in an environment of its own that later runs find again.</summary>
internal static class LangchainAuth
{
    private const string Version = "0.3.0";
    private static readonly Lazy<Task<string>> s_python = new(InstallAsync);

    /// <summary>Runs a script that finds <c>URL</c> and <c>KEY</c> in its environment and talks in lines.</summary>
    public static async Task<Process> StartAsync(string script, Uri url, string key)
    {
        var start = new ProcessStartInfo(await s_python.Value, ["-u", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["LANGSMITH_API_URL"] = url.AbsoluteUri;
        start.Environment["LANGSMITH_API_KEY"] = key;
        return Process.Start(start)!;
    }

    private static async Task<string> InstallAsync()
    {
        var folder = Path.Combine(Cache, "pilothouse", "tests", $"langchain-auth-{Version}");
        var (python, done) = (Path.Combine(folder, "bin", "python"), Path.Combine(folder, "installed"));
        if (File.Exists(done)) return python;
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        await RunAsync("python3", "-m", "venv", folder);
        await RunAsync(Path.Combine(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", $"langchain-auth=={Version}");
        await File.WriteAllTextAsync(done, Version, ControlHost.Cancel);
        return python;
    }

    private static string Cache => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
        ? set
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Wheels is { } wheels) (start.Environment["PIP_NO_INDEX"], start.Environment["PIP_FIND_LINKS"]) = ("1", wheels);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await output}\n{await error}");
    }

    /// <summary>Python packages beside the checkout; null where there are none.</summary>
    private static string? Wheels
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Pilothouse.slnx"))) folder = Path.GetDirectoryName(folder)!;
            for (var above = Path.GetDirectoryName(folder); above is not null; above = Path.GetDirectoryName(above))
            {
                if (Path.Combine(above, "shared", "wheels") is var wheels && Directory.Exists(wheels)) return wheels;
            }

            return null;
        }
    }
}
