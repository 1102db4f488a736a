using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Integrations;

/// <summary>The GitHub App that deployments are built through. Without it no repository can be connected.</summary>
public sealed class GitHubAppOptions
{
    public const string Section = "Integrations:GitHub";

    /// <summary>The app's name in its address, <c>https://github.com/apps/{slug}</c>; null: there is no app.</summary>
    [RegularExpression("[A-Za-z0-9][A-Za-z0-9-]*")]
    public string? AppSlug { get; set; }

    /// <summary>The app's OAuth client id, for accounts that have installed the app already; null: they install it anew.</summary>
    [RegularExpression("[A-Za-z0-9._-]+")]
    public string? ClientId { get; set; }

    /// <summary>Where GitHub is for browsers, without a slash at its end; a GitHub Enterprise Server has an address of its own.</summary>
    [Required, Url]
    public string WebUrl { get; set; } = "https://github.com";
}

[OptionsValidator]
internal sealed partial class GitHubAppOptionsValidator : IValidateOptions<GitHubAppOptions>;
