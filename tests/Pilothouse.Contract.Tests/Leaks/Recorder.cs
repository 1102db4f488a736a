using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;

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

/// <summary>What the process says, down to the least, with its exceptions.</summary>
internal sealed class KeptLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    /// <summary>The console of the server is without scopes, too.</summary>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{eventId.Name} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
