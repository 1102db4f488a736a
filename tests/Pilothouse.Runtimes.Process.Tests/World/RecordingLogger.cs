using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Pilothouse.Runtimes.Process.Tests.World;

/// <summary>Keeps what an operator would read.</summary>
internal sealed class RecordingLogger : ILogger<ProcessRuntime>
{
    private readonly ConcurrentQueue<Entry> _entries = new();

    public IReadOnlyCollection<Entry> Entries => _entries;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue(new Entry(logLevel, formatter(state, exception), exception));

    internal sealed record Entry(LogLevel Level, string Message, Exception? Exception);
}
