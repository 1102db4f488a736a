using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Pilothouse.Cli.Tests;

/// <summary>A command run against a fake control plane, with both outputs kept apart.</summary>
public abstract class CliTests : IAsyncLifetime
{
    private protected FakeControlPlane Plane { get; private set; } = null!;

    private protected Folder Home { get; } = new();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Plane = await FakeControlPlane.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Plane.DisposeAsync();
        Home.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<Ran> RunAsync(params string[] arguments) => RunBareAsync([.. arguments, "--url", Plane.Url, "--api-key", FakeControlPlane.Key]);

    private protected static async Task<Ran> RunBareAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await PilothouseCommand.RunAsync(arguments, output, error, Cancel);
        return new Ran(code, output.ToString(), error.ToString());
    }

    /// <summary>As a process of its own, which heeds Ctrl-C also where the tests run in the background and ignore it.</summary>
    private protected static IReadOnlyList<string> Program(params IEnumerable<string> arguments) =>
    [
        "env", "--default-signal=INT", Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet")), typeof(PilothouseCommand).Assembly.Location, .. arguments,
    ];

    private protected static async Task SignalAsync(Process process, string signal) =>
        Assert.Equal(0, (await Folder.RunAsync("/", ["sh", "-c", $"kill -{signal} {process.Id}"])).Code);

    private protected sealed record Ran(int Code, string Output, string Error);
}
