using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Pilothouse.Testing;

/// <param name="Event">Name of the method in the feature's <c>Log.cs</c>.</param>
/// <param name="Text">With the exception, where there is one.</param>
public sealed record KeptLine(LogLevel Level, string? Event, string Text);

/// <summary>What a process says, down to the least that its filters let through, with its exceptions.</summary>
public sealed class KeptLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<KeptLine> _lines = new();

    public IReadOnlyCollection<KeptLine> Lines => _lines;

    public IReadOnlyList<KeptLine> Of(string name) => [.. _lines.Where(line => string.Equals(line.Event, name, StringComparison.Ordinal))];

    public ILogger CreateLogger(string categoryName) => this;

    /// <summary>The console of the server is without scopes, too.</summary>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(new KeptLine(logLevel, eventId.Name, $"{formatter(state, exception)} {exception}".TrimEnd()));

    public void Dispose()
    {
    }
}
