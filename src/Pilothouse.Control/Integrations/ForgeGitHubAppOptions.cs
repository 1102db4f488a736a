using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Integrations;

/// <summary>The second GitHub App ("forge"), which reads sources and opens pull requests; nothing is deployed through it.</summary>
public sealed class ForgeGitHubAppOptions
{
    public const string Section = "Integrations:ForgeGitHub";

    /// <summary>The app's name in its address; null: there is no app.</summary>
    [RegularExpression("[A-Za-z0-9][A-Za-z0-9-]*")]
    public string? AppSlug { get; set; }

    /// <summary>The app's OAuth client id: connecting begins with a consent.</summary>
    [RegularExpression("[A-Za-z0-9._-]+")]
    public string? ClientId { get; set; }

    /// <summary>Where GitHub is for browsers, without a slash at its end.</summary>
    [Required, Url]
    public string WebUrl { get; set; } = "https://github.com";
}

[OptionsValidator]
internal sealed partial class ForgeGitHubAppOptionsValidator : IValidateOptions<ForgeGitHubAppOptions>;
