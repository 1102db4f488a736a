using System.Net;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;

namespace Pilothouse.Client;

/// <summary>Why a deployment does not serve, and the way back.</summary>
public sealed partial class PilothouseClient
{
    public Task<Explanation> ExplainAsync(Guid deployment, CancellationToken cancellationToken = default) =>
        GetAsync($"v2/deployments/{deployment}/explain", ApiJson.Default.Explanation, cancellationToken);

    /// <summary>Goes back to an earlier revision and stays there; asked again while it is under way, it changes nothing. 409 when there is nothing to go back to.</summary>
    public Task<Rollback> RollBackAsync(Guid deployment, RollbackRequest wanted, CancellationToken cancellationToken = default) =>
        SendAsync(
            HttpMethod.Post, $"v2/deployments/{deployment}/rollback", wanted, ApiJson.Default.RollbackRequest, ApiJson.Default.Rollback, cancellationToken);

    /// <summary>Null when the deployment is not rolled back.</summary>
    public async Task<Rollback?> FindRollbackAsync(Guid deployment, CancellationToken cancellationToken = default)
    {
        try
        {
            return await GetAsync($"v2/deployments/{deployment}/rollback", ApiJson.Default.Rollback, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException none) when (none.Status == HttpStatusCode.NotFound && none.Detail.EndsWith("is not rolled back.", StringComparison.Ordinal))
        {
            return null;
        }
    }

    /// <summary>Ends a rollback, which is answered as it was; what serves goes on serving. 404 when there is none.</summary>
    public Task<Rollback> ResumeAsync(Guid deployment, CancellationToken cancellationToken = default) =>
        SendAsync<object, Rollback>(HttpMethod.Post, $"v2/deployments/{deployment}/resume", null, null, ApiJson.Default.Rollback, cancellationToken);
}
