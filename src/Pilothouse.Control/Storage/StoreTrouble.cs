using Microsoft.Data.Sqlite;
using Npgsql;
using Pilothouse.Core.Blobs;

namespace Pilothouse.Control.Storage;

/// <summary>What is wrong when the store, or the disk below it, cannot do what it is asked: nothing that the caller did, and nothing that stays.</summary>
internal static class StoreTrouble
{
    private const string DiskFull = "The disk of the control plane is full: what was asked for is not stored. Try again when there is room.";
    private const string ReadOnly = "The disk of the control plane cannot be written now: what was asked for is not stored. Try again when it can.";
    private const string NoFiles = "The control plane has as many files open as it may: what was asked for is not stored. Try again.";
    private const string Busy = "The store is busy: what was asked for is not stored. Try again.";
    private const string Away = "The store does not answer now. A change that was asked for may be stored or not: look before you ask again.";

    /// <returns>One sentence for the caller; null when the failure is another one.</returns>
    public static string? Sentence(Exception failure)
    {
        for (var one = failure; one is not null; one = one.InnerException)
            if (OfOne(one) is { } sentence) return sentence;
        return null;
    }

    private static string? OfOne(Exception failure) => failure switch
    {
        SqliteException sqlite => OfSqlite(sqlite.SqliteErrorCode),
        PostgresException postgres => OfPostgres(postgres.SqlState),
        NpgsqlException => Away,
        BucketUnavailableException bucket => $"{bucket.Message} What was asked for is not done: try again.",
        IOException disk => OfDisk(disk.HResult),
        _ => null,
    };

    /// <summary>Primary result codes (https://www.sqlite.org/rescode.html).</summary>
    private static string? OfSqlite(int code) => code switch
    {
        5 or 6 => Busy,
        8 => ReadOnly,
        10 or 14 => Away,
        13 => DiskFull,
        _ => null,
    };

    /// <summary>Classes 08, 40, 53, 55 and 57 of appendix A of PostgreSQL's documentation, but for faults of the statement.</summary>
    private static string? OfPostgres(string state) => state switch
    {
        PostgresErrorCodes.DiskFull => DiskFull,
        PostgresErrorCodes.ReadOnlySqlTransaction => ReadOnly,
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable => Busy,
        _ => state.AsSpan(0, 2) is "08" or "53" or "57" ? Away : null,
    };

    /// <summary>Numbers of Linux (errno).</summary>
    private static string? OfDisk(int code) => code switch
    {
        28 or 122 => DiskFull,
        30 => ReadOnly,
        23 or 24 => NoFiles,
        _ => null,
    };
}
