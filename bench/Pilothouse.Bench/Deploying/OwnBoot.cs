using System.Diagnostics;
using Pilothouse.Core.Launching;

namespace Pilothouse.Bench.Deploying;

/// <summary>The replica of a built artifact, started as a runtime starts it, with nothing around it.</summary>
internal static class OwnBoot
{
    public static async Task<double> RunAsync(string data)
    {
        var artifact = Directory.EnumerateDirectories(Path.Combine(data, "artifacts")).First(folder => File.Exists(Path.Combine(folder, "launch.json")));
        var launch = LaunchSpecJson.Read(await File.ReadAllTextAsync(Path.Combine(artifact, "launch.json")));
        var state = Directory.CreateTempSubdirectory("pilothouse-own-").FullName;
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var site = new LaunchSite(artifact, state, Path.Combine(cache, "pilothouse", "toolchains"), "127.0.0.1", BenchProcess.FreePort());
        var environment = launch.Environment.ToDictionary(pair => pair.Key, pair => Placeholders.Expand(pair.Value, site));
        try
        {
            var began = Stopwatch.GetTimestamp();
            await using var server = BenchProcess.Start(
                Placeholders.Expand(launch.WorkingDirectory, site), environment, [.. launch.Arguments.Select(argument => Placeholders.Expand(argument, site))]);
            await server.UntilOkAsync(new Uri($"http://127.0.0.1:{site.Port}{launch.HealthPath}"));
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }
}
