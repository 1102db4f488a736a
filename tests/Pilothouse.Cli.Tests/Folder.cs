using System.Diagnostics;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Cli.Tests;

/// <summary>A directory of the test's own, gone when disposed.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pilothouse-cli-").FullName;

    public string Write(string name, string text = "x")
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Runs a program and returns its exit code and both outputs.</summary>
    /// <param name="meanwhile">Done while it runs.</param>
    public static async Task<(int Code, string Output, string Error)> RunAsync(
        string folder, IReadOnlyList<string> command, string input = "", IReadOnlyDictionary<string, string>? environment = null,
        Func<Process, Task>? meanwhile = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            if (meanwhile is not null) await meanwhile(process);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TimeProvider.System);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, await output, await error);
    }
}
