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

    private PrismFront(Process process) => _process = process;

    /// <param name="front">The port that callers know.</param>
    /// <param name="server">The server's own.</param>
    /// <returns>Null where the run is not one through prism.</returns>
    public static PrismFront? Start(int front, int server)
    {
        if (Environment.GetEnvironmentVariable("PILOTHOUSE_E2E_PRISM") is not { Length: > 0 } prism) return null;
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
        return new PrismFront(Process.Start(start)!);
    }

    /// <summary>It ends when its input does.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(TimeSpan.FromSeconds(10));
        _process.Dispose();
    }
}
