using System.Collections.Concurrent;
using System.Net;
using Pilothouse.Client;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts.Listeners;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Pilothouse.Bench.Listeners;

/// <summary>Speaks as a listener on a machine of its own does, and runs nothing: what it is to bring up serves at once.</summary>
/// <param name="arrived">Gets the time at which an answer named each revision.</param>
internal sealed class SimulatedListener(Uri address, Guid id, string key, ConcurrentDictionary<Guid, long> arrived) : IDisposable
{
    /// <summary>The product's own.</summary>
    private const int WaitSeconds = 25;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly ListenerConnection _connection = new(
        new ListenerConnectionOptions { Address = address, Listener = id, Key = () => key }, ControlPlaneHandler.Create(caFile: null));

    private readonly TaskCompletionSource _knowsAll = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task KnowsAll => _knowsAll.Task;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await _connection.LeadAsync(new LeadRequest { Protocol = ListenerProtocolVersions.Newest, InstanceId = Guid.NewGuid(), Version = "bench" }, cancellationToken);
        var cursor = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var answer = await _connection.PullAsync(new PullRequest(id, cursor, WaitSeconds), cancellationToken);
                var now = Stopwatch.GetTimestamp();
                foreach (var next in answer.Deployments.Select(one => one.Next).OfType<WantedRevision>()) arrived.TryAdd(next.Id, now);
                foreach (var one in answer.Deployments)
                    if (one.Next is { } next) await ReportAsync(one, next.Id, cancellationToken);
                cursor = answer.Cursor;
                _knowsAll.TrySetResult();
            }
            catch (Exception refused) when (refused is UnreachableException or ApiException { Status: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable })
            {
                // What was told is told again.
                await Task.Delay(s_pause, TimeProvider.System, cancellationToken);
            }
        }
    }

    public void Dispose() => _connection.Dispose();

    private Task ReportAsync(WantedDeployment deployment, Guid revision, CancellationToken cancellationToken) => _connection.ReportAsync(
        new DeploymentReport { ListenerId = id, DeploymentId = deployment.Id, Generation = deployment.Generation, RevisionId = revision, Phase = "deployed" },
        cancellationToken);
}
