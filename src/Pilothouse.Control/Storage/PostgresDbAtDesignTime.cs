using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Npgsql;

namespace Pilothouse.Control.Storage;

/// <summary>For <c>dotnet ef migrations add NAME --project src/Pilothouse.Control --context PostgresDb --output-dir Storage/Migrations/Postgres</c>.</summary>
internal sealed class PostgresDbAtDesignTime : IDesignTimeDbContextFactory<PostgresDb>
{
    public PostgresDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<PostgresDb>();
        StorageFeature.UsePostgres(options, NpgsqlDataSource.Create("Host=127.0.0.1;Database=design-time"));
        return new PostgresDb(options.Options);
    }
}
