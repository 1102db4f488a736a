using System.Collections.Concurrent;
using System.Text;

namespace Pilothouse.Contract.Tests.Leaks;

/// <summary>Keeps every answer as it came.</summary>
internal sealed class Recorder() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
{
    public ConcurrentQueue<(string Request, byte[] Answer)> Answers { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        var headers = Encoding.UTF8.GetBytes($"{answer.Headers}{answer.Content.Headers}");
        Answers.Enqueue(($"{request.Method} {request.RequestUri?.PathAndQuery} {(int)answer.StatusCode}", [.. headers, .. await answer.Content.ReadAsByteArrayAsync(cancellationToken)]));
        return answer;
    }
}
