using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Access.Keys;

/// <summary>Says which keys will expire before they do: once a day in the log, and all the time as the meter <c>Pilothouse.Access</c>.</summary>
internal sealed class ExpiringKeys
{
    public const string MeterName = "Pilothouse.Access";

    /// <summary>Long enough that a person is at work meanwhile.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromDays(7);

    private const int MostNamed = 20;
    private static readonly TimeSpan s_toldEvery = TimeSpan.FromDays(1);

    private readonly IDbContextFactory<PilothouseDb> _databases;
    private readonly TimeProvider _clock;
    private readonly ILogger<ExpiringKeys> _logger;
    private readonly Lock _lock = new();
    private DateTimeOffset _told = DateTimeOffset.MinValue;
    private int _count;

    public ExpiringKeys(IDbContextFactory<PilothouseDb> databases, IMeterFactory meters, TimeProvider clock, ILogger<ExpiringKeys> logger)
    {
        (_databases, _clock, _logger) = (databases, clock, logger);
        meters.Create(MeterName).CreateObservableGauge("pilothouse.keys.expiring", () => Volatile.Read(ref _count), "{key}", "API keys that expire within seven days.");
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var (from, until) = (now, now + Ahead);
        await using var db = await _databases.CreateDbContextAsync(cancellationToken);
        var keys = await db.ApiKeys.AsNoTracking()
            .Where(row => row.RevokedAt == null && row.ExpiresAt > from && row.ExpiresAt <= until)
            .OrderBy(row => row.ExpiresAt)
            .Select(row => new { row.Name, row.Prefix, row.ExpiresAt })
            .ToListAsync(cancellationToken);
        Volatile.Write(ref _count, keys.Count);
        if (keys.Count == 0 || !IsDue(now)) return;
        _logger.KeysExpire(keys.Count, string.Join(", ", keys.Take(MostNamed).Select(key => string.Create(CultureInfo.InvariantCulture, $"'{key.Name}' ({key.Prefix}) on {key.ExpiresAt:u}"))));
    }

    private bool IsDue(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (now - _told < s_toldEvery) return false;
            _told = now;
            return true;
        }
    }
}
