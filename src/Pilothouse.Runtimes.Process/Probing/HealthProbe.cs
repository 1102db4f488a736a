using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Runtimes.Process.Probing;

/// <summary>Asks from outside, so that nothing need be installed beside the server.</summary>
internal sealed class HealthProbe(TimeSpan limit, TimeProvider time) : IDisposable
{
    private static readonly HttpRequestOptionsKey<Socket> s_connected = new("connected");

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectCallback = static (context, _) =>
            context.InitialRequestMessage.Options.TryGetValue(s_connected, out var socket)
                ? ValueTask.FromResult<Stream>(new NetworkStream(socket, ownsSocket: true))
                : throw new InvalidOperationException("A probe brings its connection."),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <returns>Null when it answered 2xx, else why not, e.g. <c>status 503</c>.</returns>
    public async Task<string?> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        request.Options.Set(s_connected, socket);
        // An idle connection of ours would hold up a server that ends gracefully.
        request.Headers.ConnectionClose = true;
        try
        {
            if (await ConnectAsync(socket, address, either.Token) is { } refusal) return refusal;
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices
                ? null
                : $"status {(int)response.StatusCode}";
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {limit.TotalSeconds:0.#} s";
        }
        catch (HttpRequestException)
        {
            return "the connection broke";
        }
    }

    /// <summary>
    /// A server that starts refuses most probes, and each exception would cost the machine more than the connection: this way there is none.
    /// </summary>
    /// <returns>Null when connected.</returns>
    private static async Task<string?> ConnectAsync(Socket socket, Uri address, CancellationToken cancellationToken)
    {
        var connected = new TaskCompletionSource<SocketError>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var attempt = new SocketAsyncEventArgs { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address.DnsSafeHost), address.Port) };
        attempt.Completed += (_, done) => connected.TrySetResult(done.SocketError);
        await using var given = cancellationToken.Register(() => Socket.CancelConnectAsync(attempt));
        var error = socket.ConnectAsync(attempt) ? await connected.Task : attempt.SocketError;
        cancellationToken.ThrowIfCancellationRequested();
        return error switch
        {
            SocketError.Success => null,
            SocketError.ConnectionRefused => "connection refused",
            _ => "the connection broke",
        };
    }

    public void Dispose() => _client.Dispose();
}
