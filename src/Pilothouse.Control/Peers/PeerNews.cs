using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Pilothouse.Control.Access;
using Pilothouse.Control.Reconciling;

namespace Pilothouse.Control.Peers;

/// <summary>
/// Tells the other control planes on the same PostgreSQL what changed here, and hears them. A commit that carries a notification waits for every other
/// one that does, so none of ours does: news go out afterwards, on a connection of their own, many together. Whoever misses some looks at its next resync.
/// </summary>
internal sealed class PeerNews(
    NpgsqlDataSource source, ControlSignals signals, AccessCaches caches, IOptions<PeersOptions> options, TimeProvider clock, ILogger<PeerNews> logger)
    : BackgroundService
{
    private const string Channel = "pilothouse";

    /// <summary>What comes in a row goes out together; nobody notices the pause.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>A connection that was cut without a word is found out by asking it something: to listen once more, which changes nothing.</summary>
    private static readonly TimeSpan s_proof = TimeSpan.FromSeconds(10);

    private readonly Guid _self = Guid.NewGuid();
    private readonly PendingNews _pending = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.News) return;
        signals.Raised += _pending.Add;
        caches.Forgotten += _pending.AddAccess;
        try
        {
            await Task.WhenAll(ForeverAsync(SendAsync, stoppingToken), ForeverAsync(ListenAsync, stoppingToken));
        }
        finally
        {
            signals.Raised -= _pending.Add;
            caches.Forgotten -= _pending.AddAccess;
        }
    }

    /// <summary>The store may be away for as long as it likes.</summary>
    private async Task ForeverAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await run(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            // Whatever it is, the next try may find it gone; the host would end with an exception that comes out of here.
            catch (Exception lost)
            {
                logger.PeersNotHeard(lost, s_pause);
                await Task.Delay(s_pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _pending.WaitAsync(cancellationToken);
            await Task.Delay(s_gather, clock, cancellationToken);
            var news = _pending.Take();
            try
            {
                await using var command = source.CreateCommand("SELECT pg_notify($1, text) FROM unnest($2) AS text");
                command.Parameters.AddWithValue(Channel);
                command.Parameters.AddWithValue(NewsText.Write(_self, news).ToArray());
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch
            {
                _pending.PutBack(news);
                throw;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, told) => Hear(told.Payload);
        await using var listen = new NpgsqlCommand($"LISTEN {Channel}", connection);
        await listen.ExecuteNonQueryAsync(cancellationToken);

        // What was said while nobody listened here is not said again.
        HearAnything();
        while (true)
        {
            if (!await connection.WaitAsync(s_proof, cancellationToken)) await listen.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private void Hear(string text)
    {
        if (NewsText.Read(_self, text) is not { } news) return;
        if (news.IsAnything) HearAnything();
        else if (news.IsAccessChanged) caches.Clear();
        foreach (var (deployment, isChange) in news.Deployments) signals.Hear(deployment, isChange);
    }

    private void HearAnything()
    {
        caches.Clear();
        signals.WakePolls();
    }
}
