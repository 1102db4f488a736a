using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Outgoing;

/// <summary>Calls of the control plane to addresses that its users named.</summary>
public sealed class OutgoingOptions
{
    public const string Section = "Outgoing";

    /// <summary>
    /// Calls may go to loopback, private and link-local addresses too, and plain http is taken for loopback. Only where everybody who may name an
    /// address may also reach those.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Hosts that may have a private address, e.g. <c>login.corp</c>: exact names, without port.</summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>For one call, from connecting to the last byte.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Of one answer.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int AnswerLimitBytes { get; set; } = 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class OutgoingOptionsValidator : IValidateOptions<OutgoingOptions>;
