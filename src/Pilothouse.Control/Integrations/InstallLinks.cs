using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Integrations;
using Pilothouse.Control.Access;
using Pilothouse.Core;

namespace Pilothouse.Control.Integrations;

/// <summary>Addresses of GitHub's pages where an app is installed or consented to, for the configured apps.</summary>
internal sealed class InstallLinks(IOptions<GitHubAppOptions> app, IOptions<ForgeGitHubAppOptions> forge, InstallStates states)
{
    public async Task<Outcome<InstallationLink>> OfAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (app.Value.AppSlug is not { Length: > 0 } slug) return NotConfigured(GitHubAppOptions.Section, nameof(GitHubAppOptions.AppSlug));
        var state = await states.WriteAsync(caller, IntegrationKinds.GitHub, returnTo: null, cancellationToken);
        return new InstallationLink(
            NewInstallation(app.Value.WebUrl, slug, state),
            app.Value.ClientId is { Length: > 0 } client ? Consent(app.Value.WebUrl, client, state) : null);
    }

    public async Task<Outcome<ForgeInstallationLink>> OfForgeAsync(Caller caller, string? returnTo, CancellationToken cancellationToken)
    {
        if (forge.Value.ClientId is not { Length: > 0 } client)
            return NotConfigured(ForgeGitHubAppOptions.Section, nameof(ForgeGitHubAppOptions.ClientId));
        var state = await states.WriteAsync(caller, IntegrationKinds.ForgeGitHub, returnTo, cancellationToken);
        return new ForgeInstallationLink(Consent(forge.Value.WebUrl, client, state));
    }

    /// <summary>The page for one more installation of the second app.</summary>
    public async Task<Outcome<string>> OfNewForgeAsync(Caller caller, string? returnTo, CancellationToken cancellationToken)
    {
        if (forge.Value.AppSlug is not { Length: > 0 } slug)
            return NotConfigured(ForgeGitHubAppOptions.Section, nameof(ForgeGitHubAppOptions.AppSlug));
        return NewInstallation(forge.Value.WebUrl, slug, await states.WriteAsync(caller, IntegrationKinds.ForgeGitHub, returnTo, cancellationToken));
    }

    // docs.github.com/apps/sharing-github-apps: a state comes back with the setup URL.
    private static string NewInstallation(string web, string slug, string state) => $"{web.TrimEnd('/')}/apps/{slug}/installations/new?state={state}";

    private static string Consent(string web, string client, string state) => $"{web.TrimEnd('/')}/login/oauth/authorize?client_id={client}&state={state}";

    private static Rejection NotConfigured(string section, string option) => new(
        Codes.NotConfigured,
        $"No GitHub App is configured on this control plane: its operator sets {section}:{option} "
        + $"(environment variable PILOTHOUSE_{section.Replace(":", "__", StringComparison.Ordinal)}__{option}).");
}
