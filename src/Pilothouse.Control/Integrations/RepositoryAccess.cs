using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Integrations;

/// <summary>Whether a workspace may deploy from a repository, as far as the store knows.</summary>
internal static class RepositoryAccess
{
    /// <summary>Clients know this text.</summary>
    private const string NoPermission = "LangSmith Deployment does not have permission on your repo";

    /// <param name="repoUrl">Null: only the integration is looked for.</param>
    public static async Task CheckAsync(
        PilothouseDb db, WorkspaceId workspace, Guid integration, string? repoUrl, Refusals refusals, CancellationToken cancellationToken)
    {
        var isKnown = await db.Integrations.Of(workspace, IntegrationKinds.GitHub).AnyAsync(row => row.Id == integration, cancellationToken);
        if (!isKnown)
        {
            refusals.Add($"Integration ID {integration} not found.");
            return;
        }

        if (repoUrl is null) return;
        var key = RepositoryUrls.KeyOf(repoUrl);
        var isListed = await db.IntegrationRepositories.AnyAsync(row => row.IntegrationId == integration && row.UrlKey == key, cancellationToken);
        if (!isListed) refusals.Add(NoPermission, Codes.SourceConfiguration);
    }
}
