namespace Pilothouse.Contracts.Integrations;

/// <summary>An installation of the GitHub App that a workspace may deploy from (contract schema <c>GithubIntegration</c>).</summary>
/// <param name="Id">To be sent as <c>source_config.integration_id</c>.</param>
/// <param name="InstallationId">GitHub's number of the installation.</param>
/// <param name="Name">Of the GitHub account, e.g. <c>acme</c>.</param>
public sealed record GitHubIntegration(Guid Id, long InstallationId, string Name);

/// <summary>An installation of the second ("forge") GitHub App.</summary>
/// <param name="Id">Of the integration.</param>
/// <param name="InstallationId">GitHub's number of the installation.</param>
/// <param name="Name">Of the GitHub account.</param>
/// <param name="RepositorySelection"><c>all</c> or <c>selected</c>; null while it is not known.</param>
/// <param name="SettingsUrl">Where the account changes what the app may see; null while it is not known.</param>
public sealed record ForgeGitHubIntegration(Guid Id, long InstallationId, string Name, string? RepositorySelection, string? SettingsUrl);

/// <summary>A repository that an installation may read (contract schema <c>GithubRepository</c>).</summary>
/// <param name="HostIntegrationId">To be sent as <c>source_config.integration_id</c>.</param>
/// <param name="Id">GitHub's number of the repository.</param>
/// <param name="Name">Without its owner, e.g. <c>agents</c>.</param>
/// <param name="Owner">e.g. <c>acme</c>.</param>
/// <param name="Url">To be sent as <c>source_config.repo_url</c>.</param>
/// <param name="DefaultBranch">To be sent as <c>source_revision_config.repo_ref</c>.</param>
public sealed record GitHubRepository(Guid HostIntegrationId, long Id, string Name, string Owner, string Url, string DefaultBranch);

/// <summary>One page; <see cref="NextCursor"/> is to be sent as <c>cursor</c>, null on the last.</summary>
public sealed record GitHubInstallationsPage(IReadOnlyList<GitHubIntegration> Items, string? NextCursor);

/// <summary>One page; <see cref="NextCursor"/> is to be sent as <c>cursor</c>, null on the last.</summary>
public sealed record ForgeGitHubInstallationsPage(IReadOnlyList<ForgeGitHubIntegration> Items, string? NextCursor);

/// <summary>One page; <see cref="NextCursor"/> is to be sent as <c>cursor</c>, null on the last.</summary>
public sealed record GitHubRepositoriesPage(IReadOnlyList<GitHubRepository> Items, string? NextCursor);
