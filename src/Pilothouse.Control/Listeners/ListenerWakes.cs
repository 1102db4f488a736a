using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// Wakes the long polls of the listener that a change is for, and nobody else's: with a thousand listeners, each change would make a thousand of them look.
/// Which listener serves a deployment never changes, so it is read once.
/// </summary>
internal sealed class ListenerWakes(IDbContextFactory<PilothouseDb> databases, ControlSignals signals) : BackgroundService
{
    private const int MaxKnown = 100_000;
    private const int MostAtOnce = 500;

    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();
    private readonly ConcurrentDictionary<Guid, Guid> _known = new();
    private readonly Channel<Guid> _unknown = Channel.CreateUnbounded<Guid>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Completes at the next change for the listener. Take it before reading the store, so that no change falls between.</summary>
    public Task NextAsync(Guid listener) => _waiting.GetOrAdd(listener, static _ => NewSource()).Task;

    public void Wake(Guid listener)
    {
        if (_waiting.TryRemove(listener, out var source)) source.TrySetResult();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        signals.Changed += OnChanged;
        signals.AnythingChanged += WakeAll;
        try
        {
            while (await _unknown.Reader.WaitToReadAsync(stoppingToken)) await LookUpAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
        finally
        {
            signals.Changed -= OnChanged;
            signals.AnythingChanged -= WakeAll;
        }
    }

    private void OnChanged(DeploymentId deployment)
    {
        if (_known.TryGetValue(deployment.Value, out var listener)) Wake(listener);
        else _unknown.Writer.TryWrite(deployment.Value);
    }

    private async Task LookUpAsync(CancellationToken cancellationToken)
    {
        var ids = new List<Guid>();
        while (ids.Count < MostAtOnce && _unknown.Reader.TryRead(out var id)) ids.Add(id);
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var found = await db.Deployments.Where(row => ids.Contains(row.Id)).Select(row => new { row.Id, row.ListenerId }).ToListAsync(cancellationToken);
            if (_known.Count > MaxKnown) _known.Clear();
            foreach (var one in found) _known[one.Id] = one.ListenerId ?? EmbeddedListener.Id;
            foreach (var listener in found.Select(one => one.ListenerId ?? EmbeddedListener.Id).Distinct()) Wake(listener);
        }
        catch (Exception away) when (StoreTrouble.Sentence(away) is not null)
        {
            // Whoever it was for: all look.
            WakeAll();
        }
    }

    private void WakeAll()
    {
        foreach (var listener in _waiting.Keys) Wake(listener);
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
