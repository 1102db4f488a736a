using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Pilothouse.Control.Idempotency;

/// <summary>The header <c>Prefer</c> (RFC 7240). What is malformed or unknown is ignored, as it has it.</summary>
internal static class Preference
{
    public const string AppliedHeader = "Preference-Applied";

    /// <summary>Longer wishes are cut to it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(600);

    /// <summary>Of <c>wait=N</c> in whole seconds, the first of several; null without one.</summary>
    public static TimeSpan? Wait(HttpRequest request)
    {
        foreach (var preference in request.Headers["Prefer"].SelectMany(line => (line ?? "").Split(',')))
        {
            // Parameters after a semicolon refine a preference; wait has none.
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is not ["wait" or "Wait" or "WAIT", var value]) continue;
            return int.TryParse(value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWait.TotalSeconds))
                : null;
        }

        return null;
    }

    public static void Applied(HttpResponse response, TimeSpan wait) =>
        response.Headers[AppliedHeader] = string.Create(CultureInfo.InvariantCulture, $"wait={(int)wait.TotalSeconds}");
}
