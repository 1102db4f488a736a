using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Runtimes.Process.Probing;

/// <summary>
/// Chooses free loopback ports below the range of outgoing connections, where nobody else takes ports by chance. Between the choice and the
/// server's own bind somebody may: then the server starts again on another.
/// </summary>
internal sealed class PortPicker(int first, int last)
{
    private const int Tries = 100;
    private readonly Lock _lock = new();
    private readonly HashSet<int> _taken = [];

    public int Take()
    {
        lock (_lock)
        {
            for (var round = 0; round < Tries; round++)
            {
                // Spreads only; nothing secret depends on it.
#pragma warning disable CA5394
                var port = Random.Shared.Next(first, last + 1);
#pragma warning restore CA5394
                if (!_taken.Contains(port) && TryBind(port) is { } free)
                {
                    _taken.Add(free);
                    return free;
                }
            }

            // The range is full; the kernel finds one elsewhere.
            var any = TryBind(0) ?? throw new IOException("No loopback port is free.");
            _taken.Add(any);
            return any;
        }
    }

    public void Return(int port)
    {
        lock (_lock)
        {
            _taken.Remove(port);
        }
    }

    private static int? TryBind(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
