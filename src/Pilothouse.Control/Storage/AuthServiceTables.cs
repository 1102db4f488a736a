using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

internal static class AuthServiceTables
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<OAuthProviderRow>(table =>
        {
            table.ToTable("oauth_providers");
            table.HasIndex(row => new { row.OrganizationId, row.ProviderId }).IsUnique();
        });
        model.Entity<OAuthTokenRow>(table =>
        {
            table.ToTable("oauth_tokens");
            table.HasIndex(row => new { row.WorkspaceId, row.Owner, row.ProviderRowId });
            table.HasIndex(row => new { row.WorkspaceId, row.Owner, row.ProviderRowId }, "ix_oauth_tokens_default").IsUnique().HasFilter("is_default");
            table.HasIndex(row => row.ProviderRowId);
        });
        model.Entity<AgentConnectionRow>(table =>
        {
            table.ToTable("agent_connections");
            table.HasIndex(row => new { row.WorkspaceId, row.AgentId, row.ProviderRowId }).IsUnique();
            table.HasIndex(row => row.TokenId);
            table.HasIndex(row => row.ProviderRowId);
        });
        model.Entity<AuthSessionRow>(table =>
        {
            table.ToTable("auth_sessions");
            table.HasIndex(row => row.AuthIdHash).IsUnique();
            table.HasIndex(row => row.StateHash).IsUnique();
            table.HasIndex(row => row.ProviderRowId);
            table.HasIndex(row => row.ExpiresAt);
        });
    }
}
