using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Control.Tests.World;

/// <summary>An outside dependency at its worst: it takes every connection, reads what is asked, and never answers.</summary>
internal sealed class SilentServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;

    public SilentServer()
    {
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    /// <summary>Without a slash at its end.</summary>
    public string Url { get; }

    /// <summary>Path of each request, without its query.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Ends all connections, and takes no more.</summary>
    public async Task CloseAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var held = new List<Task>();
        try
        {
            while (true) held.Add(HoldAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(held);
        }
    }

    private async Task HoldAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream());
                if (await reader.ReadLineAsync(_end.Token) is { } line) Asked.Enqueue(line.Split(' ', '?')[1]);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _end.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or IOException)
            {
                // Who asked went away, or the test is over.
            }
        }
    }
}
