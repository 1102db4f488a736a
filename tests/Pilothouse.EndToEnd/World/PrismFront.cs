using System.Diagnostics;
using Pilothouse.Testing;

namespace Pilothouse.EndToEnd.World;

/// <summary>
/// <c>./dev prism</c>: every server under test stands behind prism, which holds each call of the contract, and its answer, to the contract file. Other
/// runs have none.
/// </summary>
internal sealed class PrismFront : IDisposable
{
    private readonly Process _process;

    private PrismFront(Process process, int server) => (_process, Server) = (process, new Uri($"http://127.0.0.1:{server}"));

    /// <summary>Where the server itself is to listen.</summary>
    public Uri Server { get; }

    /// <param name="front">The port that callers know.</param>
    /// <returns>Null where the run is not one through prism.</returns>
    public static PrismFront? Start(int front)
    {
        if (Environment.GetEnvironmentVariable("PILOTHOUSE_E2E_PRISM") is not { Length: > 0 } prism) return null;
        var server = FreePort.Take();
        var start = new ProcessStartInfo(
            "node",
            [
                Path.Combine(Repository.Root, "tests", "Pilothouse.EndToEnd", "World", "prism-front.mjs"), $"{front}", $"{server}", $"{FreePort.Take()}",
                Path.Combine(Repository.Root, "tests", "Pilothouse.Contract.Tests", "contract", "control-plane.openapi.json"), prism,
                Environment.GetEnvironmentVariable("PILOTHOUSE_E2E_PRISM_LOG")!,
            ])
        {
            RedirectStandardInput = true,
        };
        return new PrismFront(Process.Start(start)!, server);
    }

    /// <summary>It ends when its input does.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(TimeSpan.FromSeconds(10));
        _process.Dispose();
    }
}
