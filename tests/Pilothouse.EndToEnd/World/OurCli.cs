using System.Diagnostics;

namespace Pilothouse.EndToEnd.World;

/// <summary><c>pilothouse</c> as built from this checkout, in an environment without other credentials.</summary>
public static class OurCli
{
    /// <summary>Talks to <paramref name="server"/> through the variables that its users set.</summary>
    public static async Task<Ended> RunAsync(RunningServer server, string folder, params string[] arguments)
    {
        using var process = Start(server, folder, arguments);
        var output = process.StandardOutput.ReadToEndAsync(Repository.Cancel);
        var error = process.StandardError.ReadToEndAsync(Repository.Cancel);
        await process.WaitForExitAsync(Repository.Cancel);
        return new Ended(process.ExitCode, await output, await error);
    }

    /// <summary>For commands that run until they are stopped; the caller reads, ends and disposes.</summary>
    public static Process Start(RunningServer server, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Built("Pilothouse.Cli", "pilothouse.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["PILOTHOUSE_URL"] = server.Address.AbsoluteUri.TrimEnd('/');
        start.Environment["PILOTHOUSE_API_KEY"] = server.Key;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
