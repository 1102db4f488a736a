using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Pilothouse.Control.Storage;

/// <summary>For <c>dotnet ef migrations add NAME --project src/Pilothouse.Control --context SqliteDb --output-dir Storage/Migrations/Sqlite</c>.</summary>
internal sealed class SqliteDbAtDesignTime : IDesignTimeDbContextFactory<SqliteDb>
{
    public SqliteDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<SqliteDb>();
        StorageFeature.UseSqlite(options, "design-time.db");
        return new SqliteDb(options.Options);
    }
}
