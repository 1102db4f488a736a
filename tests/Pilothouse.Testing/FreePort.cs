using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Testing;

/// <summary>
/// A port for a program that is told where to listen. Below those that the kernel gives to outgoing connections and to listeners on port 0, so that
/// none of them takes it before the program does.
/// </summary>
public static class FreePort
{
    private const int First = 10_000;
    private const int End = 20_000;
    private static int s_next = Random.Shared.Next(First, End);

    /// <summary>Another one at each call; nobody listens there.</summary>
    public static int Take()
    {
        for (var attempt = 0; attempt < End - First; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % (End - First));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }

        throw new InvalidOperationException("No port is free.");
    }
}
