using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener;
using Pilothouse.Server.Observing;

namespace Pilothouse.Server.Listening;

/// <summary>What a listener's machine answers besides its agents: that it lives, and whether it can serve.</summary>
internal sealed class ListenerProbes(IAgentsLease lease, ListenerState state, LoopMetrics loops)
{
    /// <summary>Whether every agent that shall serve has its route. A control plane that is away is told, and takes nobody out of service.</summary>
    public Task<Readiness> ReadyAsync(CancellationToken cancellationToken)
    {
        var missing = state.NotServing();
        var faults = loops.Gauges.Select(loop => loop.Fault).OfType<string>().ToList();
        List<ReadyCheck> checks =
        [
            new("lease", lease.IsHeld, lease.IsHeld ? null : "Another instance of this listener leads, or the control plane was not reached yet."),
            new("routes", state.IsLoaded && missing == 0, !state.IsLoaded ? "What is wanted was not heard yet." : missing == 0 ? null : $"{missing} agents are being started."),
            new("loops", faults.Count == 0, faults.Count == 0 ? null : string.Join(' ', faults)),
            new("control_plane", Ok: true, state.Silence is { TotalMinutes: > 1 } silence ? $"The control plane has not answered for {silence.TotalMinutes:0} minutes; agents go on." : null),
        ];
        return Task.FromResult(new Readiness(checks.TrueForAll(check => check.Ok), checks));
    }

    public async Task AnswerAsync(HttpContext http)
    {
        IResult answer = http.Request.Path.Value switch
        {
            "/ok" or "/healthz" => Results.Text("""{"ok":true}""", "application/json"),
            "/readyz" => ObservingFeature.Answer(await ReadyAsync(http.RequestAborted)),
            _ => Results.Json(new { detail = "Not Found" }, statusCode: StatusCodes.Status404NotFound),
        };
        await answer.ExecuteAsync(http);
    }
}
