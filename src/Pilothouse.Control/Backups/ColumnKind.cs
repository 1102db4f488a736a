using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore.Metadata;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>What a column holds, whatever its engine calls it.</summary>
internal enum ColumnKind
{
    [JsonStringEnumMemberName("uuid")]
    Uuid,

    [JsonStringEnumMemberName("text")]
    Text,

    [JsonStringEnumMemberName("integer")]
    Integer,

    [JsonStringEnumMemberName("boolean")]
    Boolean,

    /// <summary>Base64.</summary>
    [JsonStringEnumMemberName("bytes")]
    Bytes,

    /// <summary>Unix milliseconds.</summary>
    [JsonStringEnumMemberName("time")]
    Time,
}

internal static class ColumnKinds
{
    public static ColumnKind Of(IProperty property)
    {
        var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        if (type == typeof(Guid)) return ColumnKind.Uuid;
        if (type == typeof(string) || type.IsEnum) return ColumnKind.Text;
        if (type == typeof(int) || type == typeof(long)) return ColumnKind.Integer;
        if (type == typeof(bool)) return ColumnKind.Boolean;
        if (type == typeof(byte[])) return ColumnKind.Bytes;
        if (type == typeof(DateTimeOffset)) return ColumnKind.Time;
        throw new NotSupportedException($"Backups do not know how to keep {property.DeclaringType.ShortName()}.{property.Name}, a {type.Name}.");
    }

    /// <summary>Whether values of the kind belong into a column that a migration's model has as that type. SQLite's models have times as numbers.</summary>
    public static bool Fits(this ColumnKind kind, Type column)
    {
        var type = Nullable.GetUnderlyingType(column) ?? column;
        return kind switch
        {
            ColumnKind.Uuid => type == typeof(Guid),
            ColumnKind.Text => type == typeof(string),
            ColumnKind.Integer => type == typeof(int) || type == typeof(long),
            ColumnKind.Boolean => type == typeof(bool),
            ColumnKind.Bytes => type == typeof(byte[]),
            ColumnKind.Time => type == typeof(long) || type == typeof(DateTimeOffset),
            _ => false,
        };
    }

    public static void Write(this ColumnKind kind, Utf8JsonWriter json, PilothouseDb db, DbDataReader row, int at)
    {
        if (row.IsDBNull(at))
        {
            json.WriteNullValue();
            return;
        }

        switch (kind)
        {
            case ColumnKind.Uuid:
                json.WriteStringValue(row.GetGuid(at));
                break;
            case ColumnKind.Text:
                json.WriteStringValue(row.GetString(at));
                break;
            case ColumnKind.Integer:
                json.WriteNumberValue(Convert.ToInt64(row.GetValue(at), CultureInfo.InvariantCulture));
                break;
            case ColumnKind.Boolean:
                json.WriteBooleanValue(row.GetBoolean(at));
                break;
            case ColumnKind.Bytes:
                json.WriteBase64StringValue(row.GetFieldValue<byte[]>(at));
                break;
            case ColumnKind.Time:
                json.WriteNumberValue(db.TimeAt(row, at).ToUnixTimeMilliseconds());
                break;
        }
    }

    /// <returns>A <see cref="Guid"/>, string, long, bool, byte array, <see cref="DateTimeOffset"/> or null.</returns>
    /// <exception cref="InvalidOperationException">Another kind of value.</exception>
    /// <exception cref="FormatException">One that cannot be read.</exception>
    public static object? Read(this ColumnKind kind, ref Utf8JsonReader json) => json.TokenType == JsonTokenType.Null
        ? null
        : kind switch
        {
            ColumnKind.Uuid => json.GetGuid(),
            ColumnKind.Text => json.GetString(),
            ColumnKind.Integer => json.GetInt64(),
            ColumnKind.Boolean => json.GetBoolean(),
            ColumnKind.Bytes => json.GetBytesFromBase64(),
            ColumnKind.Time => DateTimeOffset.FromUnixTimeMilliseconds(json.GetInt64()),
            _ => throw new FormatException($"Unknown kind {kind}."),
        };
}
