using System.Collections.Concurrent;
using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Access;

/// <summary>When keys were last used. Noted in memory, and written now and then: no request waits for it.</summary>
internal sealed class KeyUse(OpenContexts contexts, TimeProvider clock)
{
    private static readonly PreparedWrite s_write = new(
        "UPDATE api_keys SET last_used_at = @at WHERE id = @id", [("@at", DbType.DateTimeOffset), ("@id", DbType.Guid)]);

    /// <summary>One key is written at most this often.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);

    private const int MaxNoted = 10_000;

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _written = new();
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _waiting = new();

    public void Note(Guid key)
    {
        var now = clock.GetUtcNow();
        if (_written.TryGetValue(key, out var last) && now - last < Pace) return;
        if (_waiting.Count < MaxNoted) _waiting[key] = now;
    }

    /// <summary>Writes what was noted.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (_waiting.IsEmpty) return;
        if (_written.Count >= MaxNoted) _written.Clear();
        var noted = _waiting.ToArray();
        await contexts.UseAsync(db => WriteAsync(db, noted, cancellationToken), cancellationToken);
        foreach (var one in noted)
        {
            _written[one.Key] = one.Value;
            _waiting.TryRemove(one);
        }
    }

    /// <summary>Others wait meanwhile: a thousand listeners have a thousand keys.</summary>
    private static async Task<int> WriteAsync(PilothouseDb db, KeyValuePair<Guid, DateTimeOffset>[] noted, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var (key, at) in noted) await db.Prepared.WriteAsync(s_write, [at, key], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return noted.Length;
    }
}

internal sealed class KeyUseService(KeyUse use, TimeProvider clock, ILogger<KeyUseService> logger) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await use.WriteAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException)
            {
                logger.KeyUseNotWritten(failure);
            }
        }
    }
}
