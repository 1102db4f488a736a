using Microsoft.Extensions.Options;
using Npgsql;

namespace Pilothouse.Control.Storage;

/// <summary>What operators call a PostgreSQL database: Npgsql's <c>Host=…;Database=…</c>, or libpq's URL as hosting services hand it out.</summary>
internal static class PostgresName
{
    /// <exception cref="FormatException">One sentence, in which no part of the text occurs: it may be the password.</exception>
    public static string Parse(string text)
    {
        try
        {
            var isUrl = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal);
            var name = isUrl ? OfUrl(new Uri(text)) : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(name.Host)) throw new FormatException("Storage:Database names no host.");
            name.ApplicationName ??= "pilothouse";
            return name.ConnectionString;
        }
        catch (Exception wrong) when (wrong is ArgumentException or UriFormatException or KeyNotFoundException)
        {
            throw new FormatException(
                "Storage:Database is neither 'Host=…;Database=…;Username=…' nor 'postgres://user:password@host:port/database?sslmode=…'.", wrong);
        }
    }

    private static NpgsqlConnectionStringBuilder OfUrl(Uri url)
    {
        var name = new NpgsqlConnectionStringBuilder { Host = url.Host, Port = url.Port > 0 ? url.Port : NpgsqlConnection.DefaultPort };
        var who = url.UserInfo.Split(':', 2);
        if (who[0].Length > 0) name.Username = Uri.UnescapeDataString(who[0]);
        if (who.Length > 1) name.Password = Uri.UnescapeDataString(who[1]);
        if (url.AbsolutePath.Length > 1) name.Database = Uri.UnescapeDataString(url.AbsolutePath[1..]);
        foreach (var setting in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = setting.Split('=', 2) is [var left, var right] ? (left, Uri.UnescapeDataString(right)) : (setting, "");
            // libpq's spellings, where Npgsql has another: verify-full is VerifyFull, connect_timeout is Timeout.
            name[KeyOf(key)] = key is "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return name;
    }

    private static string KeyOf(string key) => key switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "sslcert" => "SSL Certificate",
        "sslkey" => "SSL Key",
        "connect_timeout" => "Timeout",
        "application_name" => "Application Name",
        "options" => "Options",
        _ => key,
    };
}

internal sealed class DatabaseNameValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        if (string.IsNullOrEmpty(options.Database)) return ValidateOptionsResult.Success;
        try
        {
            PostgresName.Parse(options.Database);
            return ValidateOptionsResult.Success;
        }
        catch (FormatException wrong)
        {
            return ValidateOptionsResult.Fail(wrong.Message);
        }
    }
}
