namespace Pilothouse.Control.Integrations;

/// <summary>Which GitHub App an integration is of.</summary>
internal static class IntegrationKinds
{
    /// <summary>The app that deployments are built through.</summary>
    public const string GitHub = "github";

    /// <summary>The second app, which reads sources and opens pull requests; nothing is deployed through it.</summary>
    public const string ForgeGitHub = "forge-github";
}
