using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.AuthService;

/// <summary>Tokens that agents use in the name of users.</summary>
public sealed class AuthServiceOptions
{
    public const string Section = "AuthService";

    /// <summary>How long a user has to consent.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00")]
    public TimeSpan ConsentLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a call of <c>wait</c> is held at most, whatever it asks for.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan WaitLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A token that expires within this time counts as expired, so that what is handed out can be used.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RefreshEarly { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>For refreshing a token; clients wait five seconds for the whole answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RefreshLimit { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Pages that may take the place of the control plane's own callback, exact URLs: they get code and state, and post them to it with the key of
    /// the caller who asked.
    /// </summary>
    public IList<string> RedirectUris { get; } = [];
}

[OptionsValidator]
internal sealed partial class AuthServiceOptionsValidator : IValidateOptions<AuthServiceOptions>;
