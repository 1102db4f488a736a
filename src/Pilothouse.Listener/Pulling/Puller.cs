using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Listener.Pulling;

/// <summary>
/// Asks the control plane what is wanted, one long poll a pass, for ever. Begins with everything, so that what is no longer wanted is found too.
/// </summary>
internal sealed class Puller(
    IListenerProtocol protocol, WantedDeployments wanted, IWantedMemory memory, IOptions<ListenerOptions> options, TimeProvider time) : IReconciler<string>
{
    public const string Key = "pull";

    /// <summary>Beyond the wait that was asked for, an answer may take this long.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(15);

    private long _cursor;
    private long _answered = time.GetTimestamp();

    /// <summary>How long ago the control plane last answered; before its first answer, since the listener was made.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _answered));

    /// <summary>Called for each deployment to look at again; set once before the loop starts.</summary>
    public Action<DeploymentId> OnChanged { get; set; } = _ => { };

    /// <summary>Begins with what was last heard, so that agents run again also while the control plane is away.</summary>
    public void Recall()
    {
        if (memory.Recall() is { } kept) wanted.Apply(kept);
    }

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([Key]);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        var wait = options.Value.PullWait;
        var request = new PullRequest(options.Value.ListenerId, _cursor, (int)wait.TotalSeconds);
        var answer = await protocol.PullAsync(request, cancellationToken).WaitAsync(wait + s_slack, time, cancellationToken);

        Volatile.Write(ref _answered, time.GetTimestamp());
        var changed = wanted.Apply(answer);
        _cursor = answer.Cursor;
        if (changed.Count > 0 || answer.IsFull) memory.Keep(wanted.Everything(_cursor));
        foreach (var deployment in changed) OnChanged(deployment);
        return new Reconciled.Again(TimeSpan.Zero, "the next long poll");
    }
}
