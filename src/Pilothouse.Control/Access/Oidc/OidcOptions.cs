using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Access.Oidc;

/// <summary>The issuer whose tokens (<c>Authorization: Bearer</c>) users may come with. Users are known by issuer and subject, never by their email.</summary>
public sealed class OidcOptions
{
    public const string Section = "Access:Oidc";

    /// <summary>As it stands in the tokens, e.g. <c>https://login.corp/realms/all</c>; its keys are found below <c>/.well-known/openid-configuration</c>. Empty: no tokens are taken.</summary>
    public string? Issuer { get; set; }

    /// <summary>What tokens must be meant for; required with an issuer.</summary>
    public string? Audience { get; set; }

    /// <summary>Claim that names the user for ever.</summary>
    [Required]
    public string SubjectClaim { get; set; } = "sub";

    /// <summary>Claim that is shown as a new user's email.</summary>
    [Required]
    public string EmailClaim { get; set; } = "email";

    /// <summary>Claim that is shown as a new user's name.</summary>
    [Required]
    public string NameClaim { get; set; } = "name";

    /// <summary>Role of users who are made when their first token is seen, in the default workspace. Empty: unknown users are refused.</summary>
    public string? DefaultRole { get; set; }

    /// <summary>Workspace that new users become members of; the oldest when empty.</summary>
    public Guid? DefaultWorkspace { get; set; }

    /// <summary>How long the issuer's keys are taken as they were fetched; a key that is not among them has them fetched again.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan KeysAge { get; set; } = TimeSpan.FromHours(1);
}

[OptionsValidator]
internal sealed partial class OidcOptionsValidator : IValidateOptions<OidcOptions>;

/// <summary>What concerns two settings at once.</summary>
internal sealed class OidcOptionsRules : IValidateOptions<OidcOptions>
{
    public ValidateOptionsResult Validate(string? name, OidcOptions options)
    {
        if (string.IsNullOrEmpty(options.Issuer)) return ValidateOptionsResult.Success;
        var faults = new List<string>();
        if (!Uri.TryCreate(options.Issuer, UriKind.Absolute, out var issuer)
            || !(issuer.Scheme is "https" || (issuer.Scheme is "http" && issuer.IsLoopback)))
            faults.Add($"{OidcOptions.Section}:{nameof(options.Issuer)} must be an https address (http on this machine only).");
        if (string.IsNullOrEmpty(options.Audience))
            faults.Add($"{OidcOptions.Section}:{nameof(options.Audience)} is required with an issuer: whom must its tokens be meant for?");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
