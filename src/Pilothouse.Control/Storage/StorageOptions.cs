using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Storage;

public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>Holds everything that must survive; relative paths count from the working directory. Created at first start, mode 0700.</summary>
    [Required]
    public string DataDirectory { get; set; } = "./.pilothouse";

    /// <summary>
    /// PostgreSQL, as <c>Host=…;Database=…;Username=…</c> or <c>postgres://user:password@host:port/database?sslmode=…</c>; null: SQLite in the data
    /// directory. Holds a password: give it as an environment variable rather than on the command line.
    /// </summary>
    public string? Database { get; set; }

    /// <summary>
    /// Uploads and artifacts, where several control planes use one PostgreSQL: a directory that all of them see, e.g. on NFS. Null: the data directory.
    /// </summary>
    public string? SharedDirectory { get; set; }
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
