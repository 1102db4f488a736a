using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Storage;

public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>Holds everything that must survive; relative paths count from the working directory. Created at first start, mode 0700.</summary>
    [Required]
    public string DataDirectory { get; set; } = "./.pilothouse";
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
