using System.Collections.Concurrent;
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
    private static readonly string s_folder = Path.Combine(Path.GetTempPath(), "pilothouse-test-ports");
    private static readonly ConcurrentBag<FileStream> s_taken = [];
    private static int s_next = Random.Shared.Next(First, End);

    /// <summary>Another one at each call, also of the test processes beside this one, as long as this one lives; nobody listens there.</summary>
    public static int Take()
    {
        Directory.CreateDirectory(s_folder);
        for (var attempt = 0; attempt < End - First; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % (End - First));
            try
            {
                var taken = new FileStream(Path.Combine(s_folder, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                s_taken.Add(taken);
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (Exception used) when (used is SocketException or IOException)
            {
                // Somebody listens there, or is about to.
            }
        }

        throw new InvalidOperationException("No port is free.");
    }
}
