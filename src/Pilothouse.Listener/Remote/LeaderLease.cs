using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.Client;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;

namespace Pilothouse.Listener.Remote;

/// <summary>
/// Of several instances of a listener one runs the agents. Which one, the control plane says; while it is away, whoever ran them last goes on, also after a
/// restart of its machine. An instance that finds another one leading ends itself, as its agents run there now.
/// </summary>
internal sealed class LeaderLease(
    ListenerConnection connection, ListenerIdentity identity, LeadSettings settings, IWantedMemory memory, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<LeaderLease> logger) : IAgentsLease, IAsyncDisposable
{
    /// <summary>A control plane that is away for less is waited for before the agents are started without it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_resignLimit = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _turn = new(1);

    public bool IsHeld { get; private set; }

    public DateTimeOffset? TakenAt { get; private set; }

    public bool IsLost { get; private set; }

    /// <summary>Instances do not know one another.</summary>
    public Uri? Elsewhere => null;

    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (isTold, isAway, pause) = (false, false, s_shortestPause);
        while (true)
        {
            var wait = pause;
            try
            {
                var answer = await LeadAsync(cancellationToken);
                if (answer.Lease is not null) break;
                if (!isTold) logger.AnotherLeads(answer.ListenerId);
                (isTold, wait) = (true, TimeSpan.FromSeconds(answer.RetrySeconds));
            }
            catch (Exception refused) when (refused is ApiException or UnreachableException or IOException)
            {
                if (!isAway) logger.ControlPlaneAway(refused.Message);
                isAway = true;
                if (time.GetElapsedTime(began) >= s_patience && refused is UnreachableException && !isTold && memory.Recall() is not null)
                {
                    logger.GoesOnAlone();
                    break;
                }

                pause = Longer(pause);
            }

            await Task.Delay(wait, time, cancellationToken);
        }

        TakenAt = time.GetUtcNow();
        IsHeld = true;
    }

    /// <summary>Before the first call that needs it: an instance that began without the control plane asks once it is back.</summary>
    /// <exception cref="ListenerSupersededException">Another instance leads.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (connection.Lease is not null) return;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (connection.Lease is null && (await LeadAsync(cancellationToken)).Lease is null)
                throw new ListenerSupersededException("Another instance of this listener leads.");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Its agents run elsewhere now: the process ends, and a fresh one stands by.</summary>
    public void Lose()
    {
        if (IsLost) return;
        IsLost = true;
        IsHeld = false;
        memory.Forget();
        logger.Superseded();
        lifetime.StopApplication();
    }

    /// <summary>After the agents have ended, since it is made before whatever runs them.</summary>
    public async ValueTask DisposeAsync()
    {
        _turn.Dispose();
        if (IsLost || connection.Lease is null) return;
        try
        {
            using var limit = new CancellationTokenSource(s_resignLimit, time);
            await connection.ResignAsync(limit.Token);
        }
        catch (Exception away) when (away is ApiException or UnreachableException or ListenerSupersededException or OperationCanceledException or ObjectDisposedException)
        {
            // It runs out by itself.
        }
    }

    private Task<LeadAnswer> LeadAsync(CancellationToken cancellationToken) => connection.LeadAsync(
        new LeadRequest
        {
            Protocol = ListenerProtocolVersions.Newest,
            InstanceId = identity.InstanceId,
            Version = settings.Version,
            GatewayUrl = settings.GatewayUrl,
        },
        cancellationToken);

    /// <summary>Doubled, and spread: a thousand listeners of a control plane that comes back do not all come at once.</summary>
    private static TimeSpan Longer(TimeSpan pause)
    {
        var doubled = TimeSpan.FromTicks(Math.Min(s_longestPause.Ticks, pause.Ticks * 2));
        return doubled * (0.75 + (Random.Shared.NextDouble() / 2));
    }
}

/// <param name="Version">Of the program.</param>
/// <param name="GatewayUrl">Where its agents answer; null: unknown.</param>
public sealed record LeadSettings(string Version, string? GatewayUrl);
