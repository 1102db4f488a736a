using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Integrations;

namespace Pilothouse.Client;

public sealed partial class PilothouseClient
{
    private const string GitHub = "v2/integrations/github";
    private const string ForgeGitHub = "v2/integrations/forge-github";

    /// <summary>GitHub accounts that the workspace may deploy from, page by page.</summary>
    public IAsyncEnumerable<GitHubIntegration> ListGitHubIntegrationsAsync(CancellationToken cancellationToken = default) => PagesAsync(
        $"{GitHub}/installations", ApiJson.Default.GitHubInstallationsPage, page => (page.Items, page.NextCursor), cancellationToken);

    /// <summary>Repositories that an integration may read, page by page.</summary>
    public IAsyncEnumerable<GitHubRepository> ListGitHubRepositoriesAsync(Guid integration, CancellationToken cancellationToken = default) => PagesAsync(
        $"{GitHub}/installations/{integration}/repositories", ApiJson.Default.GitHubRepositoriesPage, page => (page.Items, page.NextCursor), cancellationToken);

    /// <summary>Where a browser connects a GitHub account to the workspace; 400 when the control plane has no GitHub App.</summary>
    public Task<InstallationLink> CreateInstallationLinkAsync(CancellationToken cancellationToken = default) =>
        SendAsync<object, InstallationLink>(
            HttpMethod.Post, $"{GitHub}/installation-link", null, null, ApiJson.Default.InstallationLink, cancellationToken);

    /// <summary>GitHub accounts that the second ("forge") app is connected to, page by page.</summary>
    public IAsyncEnumerable<ForgeGitHubIntegration> ListForgeGitHubIntegrationsAsync(CancellationToken cancellationToken = default) => PagesAsync(
        $"{ForgeGitHub}/installations", ApiJson.Default.ForgeGitHubInstallationsPage, page => (page.Items, page.NextCursor), cancellationToken);

    /// <summary>Repositories that the second app may read, page by page.</summary>
    public IAsyncEnumerable<GitHubRepository> ListForgeGitHubRepositoriesAsync(Guid integration, CancellationToken cancellationToken = default) => PagesAsync(
        $"{ForgeGitHub}/installations/{integration}/repositories", ApiJson.Default.GitHubRepositoriesPage, page => (page.Items, page.NextCursor), cancellationToken);

    /// <summary>Where a browser connects the second app; 400 when the control plane has none.</summary>
    /// <param name="returnTo">Absolute http or https URL where the browser ends up; null: at the control plane.</param>
    public Task<ForgeInstallationLink> CreateForgeInstallationLinkAsync(string? returnTo = null, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post,
        $"{ForgeGitHub}/installation-link",
        new InstallationLinkRequest(returnTo),
        ApiJson.Default.InstallationLinkRequest,
        ApiJson.Default.ForgeInstallationLink,
        cancellationToken);

    /// <summary>What may be chosen after the consent to the second app; 404 when the session is unknown or too old.</summary>
    public Task<PickerSession> GetPickerSessionAsync(string session, CancellationToken cancellationToken = default) =>
        GetAsync($"{ForgeGitHub}/picker-sessions/{Uri.EscapeDataString(session)}", ApiJson.Default.PickerSession, cancellationToken);

    /// <summary>Attaches an installation of the session, or begins a new one. Attaching twice is attaching once.</summary>
    public Task<PickerRedirect> SelectInstallationAsync(string session, PickerSelection selection, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post,
        $"{ForgeGitHub}/picker-sessions/{Uri.EscapeDataString(session)}/selection",
        selection,
        ApiJson.Default.PickerSelection,
        ApiJson.Default.PickerRedirect,
        cancellationToken);

    private async IAsyncEnumerable<T> PagesAsync<TPage, T>(
        string path,
        JsonTypeInfo<TPage> type,
        Func<TPage, (IReadOnlyList<T> Items, string? NextCursor)> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var after = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var (items, next) = read(await GetAsync($"{path}?page_size={PageSize}{after}", type, cancellationToken).ConfigureAwait(false));
            foreach (var item in items) yield return item;
            cursor = next;
        }
        while (cursor is not null);
    }
}
