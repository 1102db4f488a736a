using System.Net;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Client;

/// <summary>Changes of deployments with a key, a condition or a wait of one's own.</summary>
public sealed partial class PilothouseClient
{
    /// <summary>As it is now, with its tag.</summary>
    /// <param name="known">The tag that the caller has.</param>
    /// <returns>Null while the deployment is still the one of <paramref name="known"/>.</returns>
    public async Task<Answered<Deployment>?> ReadDeploymentAsync(Guid deployment, string? known = null, CancellationToken cancellationToken = default)
    {
        var path = $"v2/deployments/{deployment}";
        using var answer = await AnswerAsync(Request, _callLimit, mayRepeat: () => true, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.NotModified) return null;
        var value = await ReadAsync(answer, "GET", path, ApiJson.Default.Deployment, cancellationToken).ConfigureAwait(false);
        return new Answered<Deployment>(value, answer.Headers.ETag?.ToString(), IsReplayed: false, HasWaited: false);

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            if (known is not null) request.Headers.Add("If-None-Match", known);
            return request;
        }
    }

    /// <summary>Makes a deployment; 409 when the name is taken.</summary>
    public Task<Answered<Deployment>> CreateDeploymentAsync(
        DeploymentCreate wanted, ChangeOptions options, CancellationToken cancellationToken = default) => ChangeAsync(
        HttpMethod.Post, "v2/deployments", wanted, ApiJson.Default.DeploymentCreate, ApiJson.Default.Deployment, Checked(options), cancellationToken);

    /// <summary>Changes a deployment; 412 when it is not the one of <see cref="ChangeOptions.IfMatch"/> any more.</summary>
    public Task<Answered<Deployment>> PatchDeploymentAsync(
        Guid deployment, DeploymentPatch patch, ChangeOptions options, CancellationToken cancellationToken = default) => ChangeAsync(
        HttpMethod.Patch, $"v2/deployments/{deployment}", patch, ApiJson.Default.DeploymentPatch, ApiJson.Default.Deployment, Checked(options),
        cancellationToken);

    /// <summary>Deletes a deployment if it is the one of <see cref="ChangeOptions.IfMatch"/>; else 412.</summary>
    public Task DeleteDeploymentAsync(Guid deployment, ChangeOptions options, CancellationToken cancellationToken = default) =>
        ChangeAsync<object, object>(HttpMethod.Delete, $"v2/deployments/{deployment}", null, null, null, Checked(options), cancellationToken);

    /// <summary>Makes a new revision, whatever <paramref name="patch"/> brings.</summary>
    /// <param name="patch">Null: of what is there.</param>
    public Task<Answered<Revision>> CreateRevisionAsync(
        Guid deployment, DeploymentPatch? patch = null, ChangeOptions? options = null, CancellationToken cancellationToken = default) => ChangeAsync(
        HttpMethod.Post, $"v2/deployments/{deployment}/revisions", patch, ApiJson.Default.DeploymentPatch, ApiJson.Default.Revision,
        options ?? s_noOptions, cancellationToken);

    /// <summary>A new revision with that one's configuration: the way back.</summary>
    public Task<Answered<Deployment>> RedeployAsync(
        Guid deployment, Guid revision, ChangeOptions options, CancellationToken cancellationToken = default) => ChangeAsync<object, Deployment>(
        HttpMethod.Post, $"v2/deployments/{deployment}/revisions/{revision}/redeploy", null, null, ApiJson.Default.Deployment, Checked(options),
        cancellationToken);

    private static ChangeOptions Checked(ChangeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options;
    }
}
