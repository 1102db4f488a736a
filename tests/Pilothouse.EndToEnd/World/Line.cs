using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Pilothouse.EndToEnd.World;

/// <summary>
/// A way to a port of this machine, or to one of several that takes connections, as through a balancer. Everything takes longer on it; as much goes through it as ever.
/// </summary>
public sealed class Line : IDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private int _turn;

    /// <param name="targets">Tried in turn.</param>
    public Line(IPAddress at, IReadOnlyList<int> targets, TimeSpan delay = default)
    {
        _listener = new TcpListener(at, 0);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(targets, delay);
    }

    public int Port { get; }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync(IReadOnlyList<int> targets, TimeSpan delay)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token), targets, delay);
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient near, IReadOnlyList<int> targets, TimeSpan delay)
    {
        using (near)
        {
            try
            {
                using var far = await ConnectAsync(targets);
                near.NoDelay = far.NoDelay = true;
                await Task.WhenAll(PumpAsync(near, far, delay), PumpAsync(far, near, delay));
            }
            catch (Exception over) when (over is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side hung up, and so does the other.
            }
        }
    }

    private async Task<TcpClient> ConnectAsync(IReadOnlyList<int> targets)
    {
        for (var attempt = 1; ; attempt++)
        {
            var far = new TcpClient();
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, targets[(Interlocked.Increment(ref _turn) & int.MaxValue) % targets.Count], _end.Token);
                return far;
            }
            catch (SocketException) when (attempt < targets.Count)
            {
                far.Dispose();
            }
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, TimeSpan delay)
    {
        var under = Channel.CreateBounded<(long At, byte[] Bytes)>(1_000);
        var reading = ReadAsync(from, under.Writer);
        await foreach (var (at, bytes) in under.Reader.ReadAllAsync(_end.Token))
        {
            var left = delay - TimeProvider.System.GetElapsedTime(at);
            if (left > TimeSpan.Zero) await Task.Delay(left, TimeProvider.System, _end.Token);
            await to.GetStream().WriteAsync(bytes, _end.Token);
        }

        await reading;
        to.Client.Shutdown(SocketShutdown.Send);
    }

    private async Task ReadAsync(TcpClient from, ChannelWriter<(long At, byte[] Bytes)> under)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer, _end.Token)) > 0)
                await under.WriteAsync((TimeProvider.System.GetTimestamp(), buffer[..read]), _end.Token);
        }
        catch (IOException)
        {
            // Cut: what came so far goes on.
        }
        finally
        {
            under.Complete();
        }
    }
}
