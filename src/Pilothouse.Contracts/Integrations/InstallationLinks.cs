namespace Pilothouse.Contracts.Integrations;

/// <summary>Body of <c>POST /v2/integrations/forge-github/installation-link</c>, which may lack.</summary>
/// <param name="ReturnTo">Absolute http or https URL where the browser ends up.</param>
public sealed record InstallationLinkRequest(string? ReturnTo);

/// <summary>Where a browser installs the GitHub App for the caller's workspace; good for an hour.</summary>
/// <param name="InstallUrl">GitHub's page for a new installation.</param>
/// <param name="OauthReuseUrl">GitHub's consent page, for an account that has the app already; null when no client id is configured.</param>
public sealed record InstallationLink(string InstallUrl, string? OauthReuseUrl);

/// <summary>Where a browser connects the second ("forge") GitHub App; good for an hour.</summary>
/// <param name="InstallUrl">GitHub's consent page; what follows it shows a picker session.</param>
public sealed record ForgeInstallationLink(string InstallUrl);

/// <summary>What a GitHub user may choose from after the consent.</summary>
/// <param name="Installs">Installations that the user can see on GitHub.</param>
/// <param name="ReturnTo">As it was asked for with the link.</param>
public sealed record PickerSession(IReadOnlyList<PickerInstallation> Installs, string? ReturnTo);

/// <param name="InstallationId">GitHub's number of the installation.</param>
/// <param name="AccountLogin">e.g. <c>acme</c>.</param>
/// <param name="AccountType">GitHub's word, <c>User</c> or <c>Organization</c>.</param>
/// <param name="AlreadyInOrg">A workspace of the caller's organization has it already.</param>
public sealed record PickerInstallation(long InstallationId, string AccountLogin, string AccountType, bool AlreadyInOrg);

/// <summary>Body of <c>POST …/picker-sessions/{session_id}/selection</c>.</summary>
/// <param name="Action">One of <see cref="PickerActions"/>.</param>
/// <param name="InstallationId">Needed to attach one; one of the session's.</param>
public sealed record PickerSelection(string Action, long? InstallationId);

public static class PickerActions
{
    /// <summary>Connects an installation that exists to the workspace.</summary>
    public const string Attach = "ATTACH";

    /// <summary>Goes to GitHub for another.</summary>
    public const string InstallNew = "INSTALL_NEW";

    public static IReadOnlyList<string> All { get; } = [Attach, InstallNew];
}

/// <summary>Where the browser goes next.</summary>
public sealed record PickerRedirect(string RedirectUrl);
