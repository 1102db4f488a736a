using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Runtimes.Process.Probing;

/// <summary>Asks from outside, so that nothing need be installed beside the server.</summary>
internal sealed class HealthProbe(TimeSpan limit, TimeProvider time) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
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
        // An idle connection of ours would hold up a server that ends gracefully.
        request.Headers.ConnectionClose = true;
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices
                ? null
                : $"status {(int)response.StatusCode}";
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {limit.TotalSeconds:0.#} s";
        }
        catch (HttpRequestException exception)
        {
            return exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? "connection refused"
                : "the connection broke";
        }
    }

    public void Dispose() => _client.Dispose();
}
