using Pilothouse.Client.Listeners;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Listener.Remote;

/// <summary>The protocol over HTTP, as the loops speak it: with a lease, and to the end of it.</summary>
internal sealed class RemoteProtocol(ListenerConnection connection, LeaderLease lease) : IListenerProtocol
{
    public Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken) =>
        LeadingAsync(() => connection.PullAsync(request, cancellationToken), cancellationToken);

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) =>
        LeadingAsync(() => NothingAsync(connection.ReportAsync(report, cancellationToken)), cancellationToken);

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) =>
        LeadingAsync(() => NothingAsync(connection.SendLogsAsync(batch, cancellationToken)), cancellationToken);

    private async Task<T> LeadingAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            await lease.EnsureAsync(cancellationToken);
            return await call();
        }
        catch (ListenerSupersededException)
        {
            lease.Lose();
            throw;
        }
    }

    private static async Task<bool> NothingAsync(Task told)
    {
        await told;
        return true;
    }
}
