using System.Text.Json;
using Pilothouse.Control.Integrations;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;

namespace Pilothouse.Control.Tests.Integrations;

/// <summary>What connecting a workspace to GitHub leaves in the store.</summary>
internal static class Connections
{
    /// <param name="kind"><c>github</c> or <c>forge-github</c>.</param>
    /// <param name="repositories">e.g. <c>acme/agents</c>; numbered from 1.</param>
    public static async Task<Guid> ConnectAsync(this Api api, string kind, long installation, params string[] repositories)
    {
        var id = Guid.CreateVersion7();
        await api.Host.WithDbAsync(db =>
        {
            db.Integrations.Add(new IntegrationRow
            {
                Id = id,
                WorkspaceId = api.Workspace.Value,
                Kind = kind,
                InstallationId = installation,
                AccountName = $"account-{installation}",
                RepositorySelection = "selected",
                SettingsUrl = $"https://github.com/settings/installations/{installation}",
            });
            db.IntegrationRepositories.AddRange(repositories.Select((name, at) => new IntegrationRepositoryRow
            {
                IntegrationId = id,
                RepositoryId = at + 1,
                Owner = name.Split('/')[0],
                Name = name.Split('/')[1],
                Url = $"https://github.com/{name}",
                UrlKey = RepositoryUrls.KeyOf($"https://github.com/{name}"),
                DefaultBranch = "main",
            }));
            return db.SaveChangesAsync(ControlHost.Cancel);
        });
        return id;
    }

    /// <summary>A choice between installations of the second app.</summary>
    public static async Task<string> OfferAsync(this Api api, string? returnTo, TimeSpan? left, params long[] installations)
    {
        var id = $"{Guid.NewGuid():N}";
        var now = TimeProvider.System.GetUtcNow();
        await api.Host.WithDbAsync(db =>
        {
            db.PickerSessions.Add(new PickerSessionRow
            {
                Id = id,
                WorkspaceId = api.Workspace.Value,
                Installs = JsonSerializer.Serialize(installations.Select(number => new
                {
                    installation_id = number,
                    account_login = $"account-{number}",
                    account_type = "Organization",
                    already_in_org = false,
                })),
                ReturnTo = returnTo,
                CreatedAt = now,
                ExpiresAt = now + (left ?? TimeSpan.FromHours(1)),
            });
            return db.SaveChangesAsync(ControlHost.Cancel);
        });
        return id;
    }
}
