using System.Diagnostics;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Outside;

/// <summary>Programs of others, each installed once into a folder that later runs find again.</summary>
internal static class Programs
{
    /// <returns>The package's folder of programs.</returns>
    public static Task<string> PythonAsync(string package, string version) => InstallAsync($"{package}-{version}", "bin", async folder =>
    {
        await RunAsync("python3", ["-m", "venv", folder]);
        await RunAsync(Path.Combine(folder, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", $"{package}=={version}"]);
    });

    /// <returns>The package's folder of programs.</returns>
    public static Task<string> NodeAsync(string package, string version) =>
        InstallAsync($"{Path.GetFileName(package)}-{version}", Path.Combine("node_modules", ".bin"), async folder =>
        {
            Directory.CreateDirectory(folder);
            await RunAsync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, $"{package}@{version}"]);
        });

    public static async Task<Ended> RunAsync(string program, string[] arguments, string? folder = null, bool mayFail = false)
    {
        using var process = Process.Start(Start(program, arguments, folder))!;
        var output = process.StandardOutput.ReadToEndAsync(Repository.Cancel);
        var error = process.StandardError.ReadToEndAsync(Repository.Cancel);
        await process.WaitForExitAsync(Repository.Cancel);
        var ended = new Ended(process.ExitCode, await output, await error);
        Assert.True(mayFail || ended.Code == 0, $"{program}: {ended}");
        return ended;
    }

    public static ProcessStartInfo Start(string program, string[] arguments, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in Repository.PackageSources) start.Environment[name] = value;
        start.Environment["NO_COLOR"] = "1";
        return start;
    }

    private static async Task<string> InstallAsync(string name, string programs, Func<string, Task> install)
    {
        var folder = Repository.Cache(name);
        var done = Path.Combine(folder, "installed");
        if (!File.Exists(done))
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            await install(folder);
            await File.WriteAllTextAsync(done, name, Repository.Cancel);
        }

        return Path.Combine(folder, programs);
    }
}

/// <summary>How a program ended.</summary>
internal sealed record Ended(int Code, string Output, string Error)
{
    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}
