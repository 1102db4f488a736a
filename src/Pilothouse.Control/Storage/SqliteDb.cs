using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Pilothouse.Control.Storage;

/// <summary>SQLite in the data directory. Times are kept as Unix milliseconds, since SQLite cannot order offsets.</summary>
public sealed class SqliteDb(DbContextOptions<SqliteDb> options) : PilothouseDb(options)
{
    public override object ToColumn(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public override DateTimeOffset TimeAt(DbDataReader reader, int column)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
    }

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
