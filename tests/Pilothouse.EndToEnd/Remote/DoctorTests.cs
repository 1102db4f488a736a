using System.Diagnostics;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Remote;

/// <summary><c>pilothouse-server listener doctor</c> names the hop that is broken, and what to do.</summary>
[Collection(SharedServer.Name)]
public sealed class DoctorTests(ServerFixture world) : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("pilothouse-doctor-").FullName;

    private string ControlPlaneUrl => world.Server.Address.AbsoluteUri.TrimEnd('/');

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Everything_is_well_where_a_listener_would_work_and_nothing_was_changed()
    {
        var (code, found) = await AskAsync(ControlPlaneUrl, world.Server.Key, FreePort.Take());

        Assert.Equal(0, code);
        Assert.DoesNotContain(found, one => one.Verdict is "bad");
        foreach (var about in (string[])["settings", "proxy", "name", "connection", "control plane", "clock", "key", "listener", "data", "disk", "address"])
            Assert.Contains(found, one => one.About == about && one.Verdict is "good");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data));
    }

    [Fact]
    public async Task Control_plane_that_takes_no_connection_is_named_and_what_lies_behind_it_is_not_guessed_at()
    {
        var (code, found) = await AskAsync($"http://127.0.0.1:{FreePort.Take()}", "lsv2_sk_0000000000000000000000", FreePort.Take());

        Assert.Equal(1, code);
        Assert.Contains("firewall", Assert.Single(found, one => one.Verdict is "bad").Do, StringComparison.Ordinal);
        Assert.DoesNotContain(found, one => one.About is "key" or "control plane");
    }

    [Fact]
    public async Task Key_that_is_unknown_and_an_address_that_is_taken_are_named()
    {
        var (code, found) = await AskAsync(ControlPlaneUrl, "lsv2_sk_0000000000000000000000", world.Server.Address.Port);

        Assert.Equal(1, code);
        Assert.Equal(["key", "address"], found.Where(one => one.Verdict is "bad").Select(one => one.About));
        Assert.All(found.Where(one => one.Verdict is "bad"), one => Assert.NotNull(one.Do));
    }

    private async Task<(int Code, IReadOnlyList<Found> Found)> AskAsync(string controlPlane, string key, int port)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Repository.Built("Pilothouse.Server", "pilothouse-server.dll"), "listener", "doctor", "--json", "--control-plane", controlPlane, "--compute-id", "nowhere",
                "--data", _data, "--urls", $"http://127.0.0.1:{port}",
            ])
        { RedirectStandardOutput = true };
        start.Environment["PILOTHOUSE_ControlPlane__Key"] = key;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Repository.Cancel);
        await process.WaitForExitAsync(Repository.Cancel);
        return (process.ExitCode, [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Found>(line, JsonSerializerOptions.Web)!)]);
    }

    private sealed record Found(string About, string Verdict, string Saw, string? Do);
}
