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
    public const string NoPermission = "LangSmith Deployment does not have permission on your repo";

    /// <param name="repoUrl">Null: only the integration is looked for.</param>
    public static async Task CheckAsync(
        PilothouseDb db, WorkspaceId workspace, Guid integration, string? repoUrl, Refusals refusals, CancellationToken cancellationToken)
    {
        if (!await db.Integrations.Of(workspace, IntegrationKinds.GitHub).AnyAsync(row => row.Id == integration, cancellationToken))
            refusals.Add($"Integration ID {integration} not found.");
        if (repoUrl is not null && !await IsReadableAsync(db, workspace, integration, repoUrl, cancellationToken))
            refusals.Add(NoPermission, Codes.SourceConfiguration);
    }

    public static Task<bool> IsReadableAsync(
        PilothouseDb db, WorkspaceId workspace, Guid integration, string repoUrl, CancellationToken cancellationToken)
    {
        var key = RepositoryUrls.KeyOf(repoUrl);
        return db.Integrations.Of(workspace, IntegrationKinds.GitHub)
            .Where(row => row.Id == integration)
            .Join(db.IntegrationRepositories, row => row.Id, repository => repository.IntegrationId, (_, repository) => repository)
            .AnyAsync(repository => repository.UrlKey == key, cancellationToken);
    }
}
