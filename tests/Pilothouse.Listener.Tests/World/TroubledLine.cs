using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Listener.Tests.World;

/// <summary>Kinds of messages between a listener and its control plane.</summary>
internal enum Message
{
    Pull,
    Report,
    Logs,
}

internal enum Trouble
{
    /// <summary>It does not arrive.</summary>
    Lost,

    /// <summary>It arrives, and the answer does not.</summary>
    AnswerLost,

    /// <summary>It arrives twice.</summary>
    Twice,

    /// <summary>It arrives when its sender has given it up long ago and has said it again: behind what was said later.</summary>
    Late,
}

/// <summary>A line that loses, repeats and delays one kind of message for a while.</summary>
internal sealed class TroubledLine(IListenerProtocol inner, TimeProvider time) : IListenerProtocol
{
    /// <summary>Beyond the patience of every sender.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(70);

    private readonly List<Task> _late = [];
    private (Message Of, Trouble What, DateTimeOffset Until)? _trouble;

    /// <summary>How many messages met it.</summary>
    public int Struck { get; private set; }

    public void Make(Message of, Trouble what, TimeSpan span) => _trouble = (of, what, time.GetUtcNow() + span);

    public Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken) =>
        PassAsync(Message.Pull, () => inner.PullAsync(request, cancellationToken), cancellationToken);

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) =>
        PassAsync(Message.Report, () => NothingAsync(inner.ReportAsync(report, CancellationToken.None)), cancellationToken);

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) =>
        PassAsync(Message.Logs, () => NothingAsync(inner.SendLogsAsync(batch, CancellationToken.None)), cancellationToken);

    private async Task<T> PassAsync<T>(Message message, Func<Task<T>> deliver, CancellationToken cancellationToken)
    {
        if (_trouble is not { } trouble || trouble.Of != message || time.GetUtcNow() >= trouble.Until) return await deliver();
        Struck++;
        switch (trouble.What)
        {
            case Trouble.Lost:
                throw new HttpRequestException("The line was cut.");
            case Trouble.AnswerLost:
                await deliver();
                throw new HttpRequestException("The line was cut before the answer.");
            case Trouble.Twice:
                await deliver();
                return await deliver();
            default:
                _late.Add(LateAsync(deliver));
                await Task.Delay(s_late, time, cancellationToken);
                throw new HttpRequestException("Nobody waits for this any more.");
        }
    }

    private async Task LateAsync<T>(Func<Task<T>> deliver)
    {
        await Task.Delay(s_late, time);
        try
        {
            await deliver();
        }
        catch (OperationCanceledException)
        {
            // A pull whose listener is gone.
        }
    }

    private static async Task<bool> NothingAsync(Task told)
    {
        await told;
        return true;
    }
}
