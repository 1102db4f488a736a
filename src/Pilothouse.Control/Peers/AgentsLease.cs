using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Control.Peers;

/// <summary>
/// A row of the store that one control plane holds, by the database's clock. While the store is away nobody can take it over, and the holder's agents
/// go on; a holder that was paused past its lease finds another one's number in the row, and ends.
/// </summary>
internal sealed class AgentsLease(
    NpgsqlDataSource source, DataDirectoryLock replica, IConfiguration configuration, IOptions<PeersOptions> options, IHostApplicationLifetime lifetime,
    TimeProvider clock, ILogger<AgentsLease> logger) : BackgroundService, IAgentsLease, IAgentsFence, IAsyncDisposable
{
    private const string Name = "agents";

    /// <summary>Its own dead lease is the next start's at once: the data directory is locked.</summary>
    private const string Take =
        """
        INSERT INTO leases (name, owner, address, until, fence) VALUES ($1, $2, $3, now() + $4, 1)
        ON CONFLICT (name) DO UPDATE SET owner = $2, address = $3, until = now() + $4, fence = leases.fence + 1 WHERE leases.until < now() OR leases.owner = $2
        RETURNING fence
        """;

    private const string Renew = "UPDATE leases SET until = now() + $3 WHERE name = $1 AND fence = $2 RETURNING fence";
    private const string Holder = "SELECT address FROM leases WHERE name = $1 AND until > now()";
    private const string GiveBack = "UPDATE leases SET until = now() WHERE name = $1 AND fence = $2";

    private readonly SemaphoreSlim _turn = new(1);
    private readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? _address = AddressOf(options.Value.Address, configuration["Urls"]);
    private volatile bool _isWanted;
    private bool _isAway;
    private volatile Uri? _elsewhere;
    private long _fence;

    public bool IsHeld => _taken.Task.IsCompleted && !IsLost;

    public DateTimeOffset? TakenAt { get; private set; }

    public bool IsLost { get; private set; }

    public Uri? Elsewhere => IsHeld ? null : _elsewhere;

    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        _isWanted = true;
        await TryPassAsync(cancellationToken);
        await _taken.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask<bool> HoldsAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        var fence = Interlocked.Read(ref _fence);
        var stored = await db.Database.SqlQuery<long>($"SELECT fence AS \"Value\" FROM leases WHERE name = {Name} FOR SHARE").ToListAsync(cancellationToken);
        return stored.Count == 1 && stored[0] == fence;
    }

    /// <summary>After the agents have ended, since it is made before whatever runs them.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        _turn.Dispose();
        if (!IsHeld) return;
        try
        {
            await ScalarAsync(GiveBack, [Name, Interlocked.Read(ref _fence)], CancellationToken.None);
        }
        catch (NpgsqlException lost)
        {
            logger.LeaseNotGivenBack(lost, options.Value.Lease);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !IsLost)
        {
            await TryPassAsync(stoppingToken);

            // The holder renews three times in a lease; the others look often enough to send callers on at once.
            await Task.Delay(IsHeld ? options.Value.Lease / 3 : options.Value.Lease / 10, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryPassAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        try
        {
            await PassAsync(cancellationToken);
            _isAway = false;
        }
        catch (Exception away)
        {
            // Whatever it is, the next pass may find it gone.
            if (!_isAway && !cancellationToken.IsCancellationRequested) logger.LeaseUnknown(away);
            _isAway = true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        if (_taken.Task.IsCompleted)
        {
            if (await ScalarAsync(Renew, [Name, Interlocked.Read(ref _fence), options.Value.Lease], cancellationToken) is null) Lose();
            return;
        }

        if (_isWanted && await ScalarAsync(Take, [Name, replica.Replica, (object?)_address ?? DBNull.Value, options.Value.Lease], cancellationToken) is long fence)
        {
            Interlocked.Exchange(ref _fence, fence);
            TakenAt = clock.GetUtcNow();
            logger.LeaseTaken(fence);
            _taken.TrySetResult();
            return;
        }

        _elsewhere = await ScalarAsync(Holder, [Name], cancellationToken) is string address ? new Uri(address) : null;
    }

    private void Lose()
    {
        IsLost = true;
        logger.LeaseLost();
        lifetime.StopApplication();
    }

    private async Task<object?> ScalarAsync(string sql, object[] values, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = Math.Max(1, (int)(options.Value.Lease / 3).TotalSeconds);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Null where the first address is none that others could use.</summary>
    private static string? AddressOf(string? said, string? urls)
    {
        var first = said ?? urls?.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return Uri.TryCreate(first, UriKind.Absolute, out var url) && url.Port != 0 ? url.GetLeftPart(UriPartial.Authority) : null;
    }
}
