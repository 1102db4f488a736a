using System.Diagnostics;
using System.Net;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>
/// Another machine, as far as networks go: a network namespace with two lines. Over one it reaches the control plane, and nothing can be begun towards it (its
/// packet filter drops that); over the other its callers come. It reaches no package registry.
/// </summary>
public sealed class SecondHost : IAsyncDisposable
{
    private static int s_last = System.Environment.ProcessId % 100 * 2;

    private readonly string _name;
    private readonly int _number;
    private readonly TimeSpan _delay;

    private Line? _slow;

    private SecondHost(int number, TimeSpan delay) => (_number, _name, _delay) = (number, $"pilothouse-{System.Environment.ProcessId}-{number}", delay);

    /// <summary>Program and arguments that a command line is given to, to run there.</summary>
    public IReadOnlyList<string> Under => ["ip", "netns", "exec", _name];

    /// <summary>Where callers reach it.</summary>
    public string Callers => $"10.78.{_number}.2";

    private string LineOf(int of) => $"ph{(of == 77 ? 'c' : 'a')}{System.Environment.ProcessId % 100_000}x{_number}";

    /// <summary>Address of a control plane of this machine, as it is reached from there.</summary>
    public string ControlPlane(int port)
    {
        if (_delay == TimeSpan.Zero) return $"http://10.77.{_number}.1:{port}";
        _slow ??= new Line(IPAddress.Parse($"10.77.{_number}.1"), [port], _delay);
        return $"http://10.77.{_number}.1:{_slow.Port}";
    }

    /// <summary>Where the control plane has to listen for that.</summary>
    public IEnumerable<string> Opens(int port) => _delay == TimeSpan.Zero ? [$"http://10.77.{_number}.1:{port}"] : [];

    /// <summary>Its address on the line to the control plane, where nothing is let in.</summary>
    public string Closed => $"10.77.{_number}.2";

    /// <param name="delay">Of what goes to and from the control plane, each way.</param>
    public static async Task<SecondHost> CreateAsync(TimeSpan delay = default)
    {
        if (System.Environment.UserName != "root") Assert.Skip("Network namespaces need root.");
        var host = new SecondHost(Interlocked.Increment(ref s_last) % 250, delay);
        await RunAsync("ip", "netns", "add", host._name);
        foreach (var of in (int[])[77, 78])
        {
            var (here, there) = (host.LineOf(of), host.LineOf(of) + "p");
            await RunAsync("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", host._name);
            await RunAsync("ip", "addr", "add", $"10.{of}.{host._number}.1/24", "dev", here);
            await RunAsync("ip", "link", "set", here, "up");
            await RunAsync("ip", "-n", host._name, "addr", "add", $"10.{of}.{host._number}.2/24", "dev", there);
            await RunAsync("ip", "-n", host._name, "link", "set", there, "up");
        }

        await RunAsync("ip", "-n", host._name, "link", "set", "lo", "up");
        await host.FilterAsync();
        return host;
    }

    /// <summary>As if somebody pulled the cable to the control plane out, or put it in again.</summary>
    public Task PlugAsync(bool isIn) => RunAsync("ip", "link", "set", LineOf(77), isIn ? "up" : "down");

    public async ValueTask DisposeAsync()
    {
        _slow?.Dispose();

        // Its ends of the lines go with it, and so do ours.
        await RunAsync("ip", "netns", "delete", _name);
    }

    /// <summary>Nothing that others begin comes in from the control plane's side.</summary>
    private async Task FilterAsync()
    {
        var rules = Path.GetTempFileName();
        await File.WriteAllTextAsync(rules, $$"""
            table inet pilothouse {
              chain input {
                type filter hook input priority 0; policy accept;
                iifname "{{LineOf(77)}}p" tcp flags & (syn|ack) == syn drop
                iifname "{{LineOf(77)}}p" meta l4proto udp drop
              }
            }

            """, Repository.Cancel);
        try
        {
            await RunAsync([.. Under, "nft", "-f", rules]);
        }
        finally
        {
            File.Delete(rules);
        }
    }

    private static async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {error}");
    }
}
