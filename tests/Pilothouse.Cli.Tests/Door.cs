using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Cli.Tests;

/// <summary>A port that leads to another and can be shut: new connections are refused then, as while a program restarts.</summary>
internal sealed class Door : IDisposable
{
    private readonly Uri _to;
    private readonly List<Task> _under = [];
    private TcpListener _listener;

    public Door(string to)
    {
        _to = new Uri(to);
        _listener = Listen(0);
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
    }

    public string Url { get; }

    public void Shut() => _listener.Stop();

    public void Open() => _listener = Listen(new Uri(Url).Port);

    public void Dispose() => _listener.Dispose();

    private TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        _under.Add(AcceptAsync(listener));
        return listener;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true) _under.Add(CarryAsync(await listener.AcceptTcpClientAsync()));
        }
        catch (SocketException)
        {
            // Shut.
        }
    }

    private async Task CarryAsync(TcpClient caller)
    {
        using var near = caller;
        using var far = new TcpClient();
        await far.ConnectAsync(_to.Host, _to.Port);
        await using NetworkStream here = near.GetStream(), there = far.GetStream();
        await Task.WhenAny(here.CopyToAsync(there), there.CopyToAsync(here));
    }
}
