using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Pilothouse.Testing;

/// <summary>Waits for the world to arrive somewhere; fails with the last thing seen.</summary>
public static class Eventually
{
    /// <summary>Far above what any test needs, so that a busy machine fails nothing.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(30);

    public static Task TrueAsync(
        Func<bool> claim, [CallerArgumentExpression(nameof(claim))] string text = "") =>
        ReadAsync(claim, seen => seen, text);

    /// <summary>Reads until <paramref name="isThere"/> holds, and returns what was read then.</summary>
    public static Task<T> ReadAsync<T>(
        Func<T> read, Func<T, bool> isThere, [CallerArgumentExpression(nameof(isThere))] string text = "") =>
        ReadAsync(() => Task.FromResult(read()), isThere, text);

    public static async Task<T> ReadAsync<T>(
        Func<Task<T>> read, Func<T, bool> isThere, [CallerArgumentExpression(nameof(isThere))] string text = "", TimeSpan? limit = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var seen = await read();
            if (isThere(seen)) return seen;
            if (Stopwatch.GetElapsedTime(started) > (limit ?? Limit)) Assert.Fail($"Not within {limit ?? Limit}: {text}; last seen: {seen}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
