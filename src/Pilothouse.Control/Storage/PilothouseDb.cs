using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Pilothouse.Control.Storage;

/// <summary>The store. One subclass and one migrations folder per database engine; configuration picks.</summary>
public abstract class PilothouseDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<OrganizationRow> Organizations => Set<OrganizationRow>();
    public DbSet<WorkspaceRow> Workspaces => Set<WorkspaceRow>();
    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    public DbSet<DeploymentRow> Deployments => Set<DeploymentRow>();
    public DbSet<RevisionRow> Revisions => Set<RevisionRow>();
    public DbSet<UploadRow> Uploads => Set<UploadRow>();
    public DbSet<LogRow> Logs => Set<LogRow>();
    public DbSet<LogBatchRow> LogBatches => Set<LogBatchRow>();
    public DbSet<EventRow> Events => Set<EventRow>();
    public DbSet<ListenerRow> Listeners => Set<ListenerRow>();
    public DbSet<CounterRow> Counters => Set<CounterRow>();
    public DbSet<PinRow> Pins => Set<PinRow>();
    public DbSet<ListenerContactRow> ListenerContacts => Set<ListenerContactRow>();

    /// <summary>A time as its column holds it, for hand-written SQL, which skips the converters.</summary>
    public abstract object ToColumn(DateTimeOffset time);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);

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
        modelBuilder.Entity<DeploymentRow>(table =>
        {
            table.ToTable("deployments");
            table.HasIndex(row => new { row.WorkspaceId, row.Name }).IsUnique();
            table.HasIndex(row => new { row.WorkspaceId, row.AgentId, row.AgentEnvironment }).IsUnique();
            table.HasIndex(row => new { row.WorkspaceId, row.CreatedAt, row.Id });
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
        ConfigureExplain(modelBuilder);
    }

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
}

/// <summary>SQLite in the data directory. Times are kept as Unix milliseconds, since SQLite cannot order offsets.</summary>
public sealed class SqliteDb(DbContextOptions<SqliteDb> options) : PilothouseDb(options)
{
    public override object ToColumn(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
    }
}

/// <summary>UTC time as milliseconds since 1970.</summary>
public sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
    time => time.ToUnixTimeMilliseconds(),
    milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
