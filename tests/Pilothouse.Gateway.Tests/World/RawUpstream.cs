using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pilothouse.Gateway.Tests.World;

/// <summary>Reads the head of a request, says the given bytes and hangs up: for servers that break off or speak oddly.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;
    private int _requests;

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public int Requests => _requests;

    public static RawUpstream Start(string answer)
    {
        var upstream = new RawUpstream();
        upstream._listener.Start();
        upstream.Address = new Uri($"http://{upstream._listener.LocalEndpoint}");
        upstream._serving = upstream.ServeAsync(Encoding.Latin1.GetBytes(answer));
        return upstream;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync(byte[] answer)
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = client.GetStream();
                var head = new StringBuilder();
                var buffer = new byte[4096];
                while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    var read = await stream.ReadAsync(buffer, _stop.Token);
                    if (read == 0) break;
                    head.Append(Encoding.Latin1.GetString(buffer, 0, read));
                }

                Interlocked.Increment(ref _requests);
                await stream.WriteAsync(answer, _stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
        {
            // The test is over.
        }
    }
}
