using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Explain;

/// <summary>Notes when listeners are heard of, seldom enough to cost nothing.</summary>
internal sealed class ListenerContacts(TimeProvider clock)
{
    /// <summary>Far below the time after which a listener counts as silent.</summary>
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _noted = new();

    /// <param name="db">Without a transaction of its caller's.</param>
    public async Task NoteAsync(PilothouseDb db, Guid listener, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_noted.TryGetValue(listener, out var last) && now - last < s_every) return;
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO listener_contacts (listener_id, at) VALUES ({listener}, {db.ToColumn(now)})
             ON CONFLICT (listener_id) DO UPDATE SET at = excluded.at
             """, cancellationToken);
        _noted[listener] = now;
    }
}
