using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Pilothouse.Control.Storage;

/// <summary>
/// PostgreSQL. Times are timestamptz, to the millisecond as on SQLite, so that what was read compares equal to what was written. Texts are ordered
/// and folded as on SQLite, whatever the database's collation.
/// </summary>
public sealed class PostgresDb(DbContextOptions<PostgresDb> options) : PilothouseDb(options)
{
    public override object ToColumn(DateTimeOffset time) => UtcMilliseconds.Of(time);

    public override DateTimeOffset TimeAt(DbDataReader reader, int column)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return reader.GetFieldValue<DateTimeOffset>(column);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcMilliseconds>();
        configurationBuilder.Properties<string>().UseCollation("C");
    }
}

/// <summary>UTC, without what is below a millisecond.</summary>
public sealed class UtcMilliseconds() : ValueConverter<DateTimeOffset, DateTimeOffset>(time => Of(time), time => time)
{
    public static DateTimeOffset Of(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
