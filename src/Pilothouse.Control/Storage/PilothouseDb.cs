using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Idempotency;

namespace Pilothouse.Control.Storage;

/// <summary>The store. One subclass and one migrations folder per database engine; configuration picks.</summary>
public abstract class PilothouseDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<OrganizationRow> Organizations => Set<OrganizationRow>();
    public DbSet<WorkspaceRow> Workspaces => Set<WorkspaceRow>();
    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    public DbSet<UserRow> Users => Set<UserRow>();
    public DbSet<MembershipRow> Memberships => Set<MembershipRow>();
    public DbSet<RoleRow> Roles => Set<RoleRow>();
    public DbSet<AuditRow> Audit => Set<AuditRow>();
    public DbSet<DeploymentRow> Deployments => Set<DeploymentRow>();
    public DbSet<RevisionRow> Revisions => Set<RevisionRow>();
    public DbSet<UploadRow> Uploads => Set<UploadRow>();
    public DbSet<LogRow> Logs => Set<LogRow>();
    public DbSet<LogBatchRow> LogBatches => Set<LogBatchRow>();
    public DbSet<EventRow> Events => Set<EventRow>();
    public DbSet<ListenerRow> Listeners => Set<ListenerRow>();
    public DbSet<IntegrationRow> Integrations => Set<IntegrationRow>();
    public DbSet<IntegrationRepositoryRow> IntegrationRepositories => Set<IntegrationRepositoryRow>();
    public DbSet<PickerSessionRow> PickerSessions => Set<PickerSessionRow>();
    public DbSet<CounterRow> Counters => Set<CounterRow>();
    public DbSet<RequestKeyRow> RequestKeys => Set<RequestKeyRow>();
    public DbSet<OAuthProviderRow> OAuthProviders => Set<OAuthProviderRow>();
    public DbSet<OAuthTokenRow> OAuthTokens => Set<OAuthTokenRow>();
    public DbSet<AgentConnectionRow> AgentConnections => Set<AgentConnectionRow>();
    public DbSet<AuthSessionRow> AuthSessions => Set<AuthSessionRow>();
    public DbSet<TracingDeletionRow> TracingDeletions => Set<TracingDeletionRow>();
    public DbSet<PinRow> Pins => Set<PinRow>();
    public DbSet<TagKeyRow> TagKeys => Set<TagKeyRow>();
    public DbSet<TagValueRow> TagValues => Set<TagValueRow>();
    public DbSet<TaggingRow> Taggings => Set<TaggingRow>();
    public DbSet<ListenerContactRow> ListenerContacts => Set<ListenerContactRow>();
    public DbSet<LeaseRow> Leases => Set<LeaseRow>();

    private PreparedCommands? _prepared;

    internal PreparedCommands Prepared => _prepared ??= new PreparedCommands(this);

    /// <summary>A time as its column holds it, for hand-written SQL, which skips the converters.</summary>
    public abstract object ToColumn(DateTimeOffset time);

    /// <summary>A time out of its column, for hand-written SQL.</summary>
    public abstract DateTimeOffset TimeAt(DbDataReader reader, int column);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);

        AuthServiceTables.Configure(modelBuilder);
        modelBuilder.Entity<OrganizationRow>().ToTable("organizations");
        modelBuilder.Entity<WorkspaceRow>(table =>
        {
            table.ToTable("workspaces");
            table.HasIndex(row => row.OrganizationId);
        });
        modelBuilder.Entity<ApiKeyRow>(table =>
        {
            table.ToTable("api_keys");
            table.HasIndex(row => row.Hash).IsUnique();
        });
        ConfigureAccess(modelBuilder);
        modelBuilder.Entity<DeploymentRow>(table =>
        {
            table.ToTable("deployments");
            table.HasIndex(row => new { row.WorkspaceId, row.Name }).IsUnique();
            table.HasIndex(row => new { row.WorkspaceId, row.AgentId, row.AgentEnvironment }).IsUnique();

            // The list's order; the status lies beside it, so that rows of another one are passed over without being read.
            table.HasIndex(row => new { row.WorkspaceId, row.CreatedAt, row.Id, row.Status });
            table.HasIndex(row => new { row.ListenerId, row.ChangedAt });
            table.Property(row => row.Status).HasConversion<string>();
        });
        modelBuilder.Entity<RevisionRow>(table =>
        {
            table.ToTable("revisions");
            table.HasIndex(row => new { row.DeploymentId, row.Number }).IsUnique();
            table.HasIndex(row => new { row.Status, row.LeaseUntil });
            table.Property(row => row.Status).HasConversion<string>();
        });
        modelBuilder.Entity<UploadRow>(table =>
        {
            table.ToTable("uploads");
            table.HasKey(row => row.ObjectPath);
            table.HasIndex(row => row.TokenHash).IsUnique();
            table.HasIndex(row => row.DeploymentId);
        });
        modelBuilder.Entity<LogRow>(table =>
        {
            table.ToTable("logs");
            table.HasKey(row => row.Sequence);
            table.Property(row => row.Sequence).ValueGeneratedOnAdd();
            table.HasIndex(row => new { row.DeploymentId, row.IsBuild, row.At, row.Sequence });
            table.HasIndex(row => new { row.RevisionId, row.IsBuild, row.At, row.Sequence });
        });
        modelBuilder.Entity<LogBatchRow>(table =>
        {
            table.ToTable("log_batches");
            table.HasKey(row => row.BatchId);
            table.HasIndex(row => row.At);
        });
        modelBuilder.Entity<EventRow>(table =>
        {
            table.ToTable("events");
            table.HasKey(row => row.Sequence);
            table.Property(row => row.Sequence).ValueGeneratedOnAdd();
            table.HasIndex(row => new { row.DeploymentId, row.Key }).IsUnique();
            table.HasIndex(row => new { row.RevisionId, row.Sequence });
        });
        modelBuilder.Entity<ListenerRow>(table =>
        {
            table.ToTable("listeners");
            table.HasIndex(row => new { row.WorkspaceId, row.ComputeId }).IsUnique();
        });
        modelBuilder.Entity<CounterRow>(table =>
        {
            table.ToTable("counters");
            table.HasKey(row => row.Name);
        });
        ConfigureRequestKeys(modelBuilder);
        ConfigureIntegrations(modelBuilder);
        ConfigureExplain(modelBuilder);
        ConfigureTracing(modelBuilder);
        ConfigureTags(modelBuilder);
        modelBuilder.Entity<LeaseRow>(table =>
        {
            table.ToTable("leases");
            table.HasKey(row => row.Name);
        });
    }

    private static void ConfigureTags(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<TagKeyRow>(table =>
        {
            table.ToTable("tag_keys");
            table.HasIndex(row => new { row.WorkspaceId, row.Key }).IsUnique();
        });
        modelBuilder.Entity<TagValueRow>(table =>
        {
            table.ToTable("tag_values");
            table.HasIndex(row => new { row.TagKeyId, row.Value }).IsUnique();
            table.HasIndex(row => row.WorkspaceId);
        });
        modelBuilder.Entity<TaggingRow>(table =>
        {
            table.ToTable("taggings");
            table.HasIndex(row => new { row.TagValueId, row.DeploymentId }).IsUnique();
            table.HasIndex(row => row.DeploymentId);
        });
    }

    private static void ConfigureTracing(ModelBuilder modelBuilder) => modelBuilder.Entity<TracingDeletionRow>(table =>
    {
        table.ToTable("tracing_deletions");
        table.HasKey(row => row.DeploymentId);
        table.Property(row => row.DeploymentId).ValueGeneratedNever();
    });

    private static void ConfigureExplain(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<PinRow>(table =>
        {
            table.ToTable("pins");
            table.HasKey(row => row.DeploymentId);
            table.Property(row => row.DeploymentId).ValueGeneratedNever();
        });
        modelBuilder.Entity<ListenerContactRow>(table =>
        {
            table.ToTable("listener_contacts");
            table.HasKey(row => row.ListenerId);
            table.Property(row => row.ListenerId).ValueGeneratedNever();
        });
    }

    private static void ConfigureIntegrations(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<IntegrationRow>(table =>
        {
            table.ToTable("integrations");
            table.HasIndex(row => new { row.WorkspaceId, row.Kind, row.InstallationId }).IsUnique();
        });
        modelBuilder.Entity<IntegrationRepositoryRow>(table =>
        {
            table.ToTable("integration_repositories");
            table.HasKey(row => new { row.IntegrationId, row.RepositoryId });
            table.HasIndex(row => new { row.IntegrationId, row.UrlKey });
        });
        modelBuilder.Entity<PickerSessionRow>().ToTable("picker_sessions");
    }

    private static void ConfigureAccess(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ApiKeyRow>(table =>
        {
            table.HasIndex(row => new { row.OrganizationId, row.WorkspaceId, row.CreatedAt });
            table.HasIndex(row => row.UserId);
        });
        modelBuilder.Entity<UserRow>(table =>
        {
            table.ToTable("users");
            table.HasIndex(row => new { row.Issuer, row.Subject }).IsUnique();
            table.HasIndex(row => new { row.OrganizationId, row.CreatedAt, row.Id });
        });
        modelBuilder.Entity<MembershipRow>(table =>
        {
            table.ToTable("memberships");
            table.HasKey(row => new { row.WorkspaceId, row.UserId });
            table.HasIndex(row => row.UserId);
        });
        modelBuilder.Entity<RoleRow>(table =>
        {
            table.ToTable("roles");
            table.HasKey(row => new { row.OrganizationId, row.Name });
        });
        modelBuilder.Entity<AuditRow>(table =>
        {
            table.ToTable("audit");
            table.HasKey(row => row.Sequence);
            table.Property(row => row.Sequence).ValueGeneratedOnAdd();
            table.HasIndex(row => new { row.WorkspaceId, row.Sequence });
            table.HasIndex(row => new { row.OrganizationId, row.Sequence });
            table.HasIndex(row => row.At);
        });
    }

    private static void ConfigureRequestKeys(ModelBuilder modelBuilder) => modelBuilder.Entity<RequestKeyRow>(table =>
    {
        table.ToTable("request_keys");
        table.HasKey(row => new { row.WorkspaceId, row.Subject, row.Key });
        table.HasIndex(row => row.ExpiresAt);
    });
}
