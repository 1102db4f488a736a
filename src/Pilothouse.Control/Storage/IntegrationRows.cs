namespace Pilothouse.Control.Storage;

/// <summary>An installation of a GitHub App that a workspace is connected to.</summary>
public sealed class IntegrationRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }

    /// <summary>A constant of <c>IntegrationKinds</c>: which app.</summary>
    public required string Kind { get; set; }

    /// <summary>GitHub's number, unique within the workspace and the kind.</summary>
    public long InstallationId { get; set; }

    /// <summary>Of the GitHub account.</summary>
    public required string AccountName { get; set; }

    /// <summary><c>all selected</c>; null while GitHub was not asked.</summary>
    public string? RepositorySelection { get; set; }

    /// <summary>GitHub's page of the installation; null while GitHub was not asked.</summary>
    public string? SettingsUrl { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A repository that an installation may read, as GitHub last said.</summary>
public sealed class IntegrationRepositoryRow
{
    public Guid IntegrationId { get; set; }

    /// <summary>GitHub's number, which survives a rename.</summary>
    public long RepositoryId { get; set; }

    public required string Owner { get; set; }
    public required string Name { get; set; }
    public required string Url { get; set; }

    /// <summary><c>RepositoryUrls.KeyOf</c> of the URL: what other spellings of it are found by.</summary>
    public required string UrlKey { get; set; }

    public required string DefaultBranch { get; set; }
}

/// <summary>What a GitHub user may choose from after the consent.</summary>
public sealed class PickerSessionRow
{
    /// <summary>Random, since it is carried by a browser's address.</summary>
    public required string Id { get; set; }

    public Guid WorkspaceId { get; set; }

    /// <summary>JSON array of <c>Contracts.Integrations.PickerInstallation</c>; what of them is in the organization is asked anew.</summary>
    public required string Installs { get; set; }

    public string? ReturnTo { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}
