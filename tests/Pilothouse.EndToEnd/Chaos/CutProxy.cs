using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Pilothouse.EndToEnd.Chaos;

/// <summary>Between the control planes and PostgreSQL; cuts every connection when told to.</summary>
internal sealed class CutProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isShut;

    public CutProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>All connections break; new ones are taken and broken for as long.</summary>
    public async Task CutAsync(TimeSpan away)
    {
        _isShut = true;
        foreach (var client in _open.Keys) client.Close();
        await Task.Delay(away, TimeProvider.System);
        _isShut = false;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        foreach (var client in _open.Keys) client.Close();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var upstream = new TcpClient();
        using (client)
        {
            if (_isShut) return;
            (_open[client], _open[upstream]) = (0, 0);
            try
            {
                await upstream.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                var (near, far) = (client.GetStream(), upstream.GetStream());
                await Task.WhenAny(near.CopyToAsync(far, _stop.Token), far.CopyToAsync(near, _stop.Token));
            }
            catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // As it was meant to.
            }
            finally
            {
                _open.TryRemove(client, out _);
                _open.TryRemove(upstream, out _);
            }
        }
    }
}
