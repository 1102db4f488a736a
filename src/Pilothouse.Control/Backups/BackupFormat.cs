using System.Reflection;
using System.Text.Json.Serialization;

namespace Pilothouse.Control.Backups;

/// <summary>
/// A backup is a gzip'd ustar archive of plain files, in this order: <c>pilothouse-backup.json</c> (<see cref="BackupHeader"/>), the parts
/// <c>tables/{table}/{number}.jsonl</c> of every table in the header's order (a JSON array of values per line, in the order of its columns),
/// <c>blobs/{sha256}</c>, and <c>manifest.json</c> (<see cref="BackupManifest"/>), without which it is not whole.
/// </summary>
internal static partial class BackupFormat
{
    public const int Version = 1;
    public const string HeaderName = "pilothouse-backup.json";
    public const string ManifestName = "manifest.json";
    public const string BlobsFolder = "blobs/";

    /// <summary>A part is ended after the row that reaches this.</summary>
    public const int PartBytes = 4 * 1024 * 1024;

    /// <summary>The largest rows hold secrets (512 KiB), a kept answer or a log line (1 MiB), each a third longer in base64, several to a row.</summary>
    public const int RowLimitBytes = 32 * 1024 * 1024;

    public const int HeaderLimitBytes = 1024 * 1024;

    // 150 bytes for each part of 4 MiB and each blob: a backup of terabytes.
    public const int ManifestLimitBytes = 128 * 1024 * 1024;

    /// <summary>Of this program.</summary>
    public static string ProgramVersion { get; } =
        (typeof(BackupFormat).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    public static string PartName(string table, int number) => $"tables/{table}/{number:D6}.jsonl";

    [JsonSerializable(typeof(BackupStart))]
    [JsonSerializable(typeof(BackupHeader))]
    [JsonSerializable(typeof(BackupManifest))]
    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true)]
    public sealed partial class Json : JsonSerializerContext;
}

/// <summary>What every format's header says, however the rest of it looks.</summary>
internal sealed record BackupStart(int Format, string ProgramVersion);

/// <param name="Format">1.</param>
/// <param name="ProgramVersion">Of the program that made it.</param>
/// <param name="Engine"><c>sqlite</c> or <c>postgresql</c>: whose migrations <paramref name="Migration"/> is one of.</param>
/// <param name="Migration">The last one of the store.</param>
/// <param name="Identities">Table → the highest number that its identity column has given out, also to rows that are gone.</param>
internal sealed record BackupHeader(
    int Format,
    string ProgramVersion,
    string Engine,
    string Migration,
    DateTimeOffset TakenAt,
    IReadOnlyList<BackupTable> Tables,
    IReadOnlyDictionary<string, long> Identities);

internal sealed record BackupTable(string Name, long Rows, IReadOnlyList<BackupColumn> Columns);

internal sealed record BackupColumn(string Name, ColumnKind Kind);

/// <param name="Entries">All that come before, in their order.</param>
/// <param name="MissingBlobs">Object paths whose archive was not there any more when its turn came.</param>
/// <param name="LeftOut">What a backup does not hold, for people.</param>
internal sealed record BackupManifest(IReadOnlyList<BackupEntry> Entries, IReadOnlyList<string> MissingBlobs, IReadOnlyList<string> LeftOut);

internal sealed record BackupEntry(string Name, long Bytes, string Sha256);
